"""A network learns to keep a pole upright on a cart by trying: REINFORCE (Williams, 1992).

The cart runs on a track of 4.8 metres and is pushed left or right 50 times a second; the pole is
hinged on it (Barto, Sutton & Anderson, 1983). A try ends when the pole leans by 12 degrees, the
cart leaves the track, or after 200 pushes. What made a try last longer than its like becomes
likelier: a step of a classifier whose truth is what was done, weighed by how well it went on.
"""

from __future__ import annotations

import math

import numpy as np
from example_tools import curves

import annette as keras
from annette import layers

LONGEST = 200


class CartPoles:
    """Many carts at once: position (m), speed (m/s), angle (rad) and its speed (rad/s) of each."""

    GRAVITY, CART, POLE, HALF_LENGTH, FORCE, TICK = 9.8, 1.0, 0.1, 0.5, 10.0, 0.02

    def __init__(self, count: int, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.state = self.random.uniform(-0.05, 0.05, (count, 4))

    def push(self, right: np.ndarray) -> np.ndarray:
        """Push each cart right (1) or left (0); return which of them still stand."""
        x, v, angle, turn = self.state.T
        force = np.where(right == 1, self.FORCE, -self.FORCE)
        sin, cos = np.sin(angle), np.cos(angle)
        both = self.CART + self.POLE
        swing = (force + self.POLE * self.HALF_LENGTH * turn**2 * sin) / both
        turn_rate = (self.GRAVITY * sin - cos * swing) / (
            self.HALF_LENGTH * (4 / 3 - self.POLE * cos**2 / both)
        )
        rate = swing - self.POLE * self.HALF_LENGTH * turn_rate * cos / both
        self.state = self.state + self.TICK * np.stack([v, rate, turn, turn_rate], axis=1)
        x, _, angle, _ = self.state.T
        return (np.abs(x) < 2.4) & (np.abs(angle) < math.radians(12))


def make_policy() -> keras.Model:
    """Return a network from a cart's state to how likely each push is."""
    policy = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Rescaling([0.5, 0.5, 5.0, 0.5]),
            layers.Dense(32, activation="tanh"),
            layers.Dense(2, activation="softmax"),
        ]
    )
    policy.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    return policy


def tries(
    policy: keras.Model, count: int, seed: int, best: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Let the policy steer; return states, pushes and which carts stood before each push.

    Their shapes are (pushes, carts, 4), (pushes, carts) and (pushes, carts).
    """
    carts = CartPoles(count, seed)
    standing = np.ones(count, dtype=bool)
    states, pushes, stood = [], [], []
    while standing.any() and len(states) < LONGEST:
        likely = np.asarray(policy.predict_on_batch(carts.state.astype("float32")))
        drawn = carts.random.random(count) < likely[:, 1]
        push = likely.argmax(axis=1) if best else drawn.astype("int64")
        states.append(carts.state)
        pushes.append(push)
        stood.append(standing)
        standing = carts.push(push) & standing
    return np.array(states), np.array(pushes), np.array(stood)


def returns(stood: np.ndarray, discount: float = 0.98) -> np.ndarray:
    """Return what each push led to: a point for each push survived, later ones counting less."""
    found, later = np.zeros(stood.shape), np.zeros(stood.shape[1])
    for i in reversed(range(len(stood))):
        later = stood[i] * (1.0 + discount * later)
        found[i] = later
    return found


def main(
    rounds: int = 60, carts: int = 16, picture: str | None = "cart_pole.png"
) -> tuple[float, float]:
    """Train; return how many pushes the pole stands before and after, on average."""
    keras.utils.set_random_seed(14)
    policy = make_policy()
    before = float(tries(policy, 50, seed=1000)[2].sum(axis=0).mean())
    lasted = []
    for r in range(rounds):
        states, pushes, stood = tries(policy, carts, seed=r)
        gains = returns(stood)
        lasted.append(float(stood.sum(axis=0).mean()))
        # Better or worse than the others of this round at the same push; all carts count as
        # many rows, so that shapes (and programs made for them) do not change with their luck.
        mean = (gains * stood).sum(axis=1, keepdims=True) / stood.sum(axis=1, keepdims=True)
        weight = (gains - mean) * stood
        rows = LONGEST * carts
        x, y, w = np.zeros((rows, 4), "float32"), np.zeros(rows, "int64"), np.zeros(rows, "float32")
        used = pushes.size
        x[:used], y[:used] = states.reshape(-1, 4), pushes.reshape(-1)
        w[:used] = (weight / (weight[stood].std() + 1e-6)).reshape(-1) * rows / stood.sum()
        policy.train_on_batch(x, y, sample_weight=w)
        if (r + 1) % 10 == 0:
            print(f"  round {r + 1:3}: {lasted[-1]:.0f} pushes")
    after = float(tries(policy, 50, seed=1000, best=True)[2].sum(axis=0).mean())
    print(f"The pole stands for {before:.0f} pushes untrained, {after:.0f} of {LONGEST} after "
          f"{rounds} rounds of {carts} tries")  # fmt: skip
    curves(picture, {"pushes the pole stands": {"mean of a round": lasted}}, x="round")
    return before, after


if __name__ == "__main__":
    main()

"""Connectionist temporal classification: sequences of labels without their places in time.

Graves, Fernández, Gomez and Schmidhuber, Connectionist temporal classification: labelling
unsegmented sequence data with recurrent neural networks, 2006.
"""

from __future__ import annotations

from typing import Any

from annette.ops.common import dtype_of, from_python, op, rank, to_dtype
from annette.ops.core import stop_gradient
from annette.ops.math import logsumexp, top_k
from annette.ops.numpy import elementwise as el, indexing, reduction, shaping
from annette.ops.numpy.creation import arange, full
from annette.ops.numpy.linear import matmul

# ln 0 in the loss: finite, so that the gradient of what cannot be is a number too.
_NEVER = -1e5
# ln 0 in the search, and what any path that was never begun lies below.
_NO_PATH, _BEGUN = -1e30, -1e29


def _scores(x: Any) -> Any:
    """Return numbers whose logarithms are added up: in single precision at least."""
    x = from_python(x)
    return to_dtype(x, "float64" if dtype_of(x) == "float64" else "float32")


def _log_softmax(x: Any) -> Any:
    return el.subtract(x, logsumexp(x, axis=2, keepdims=True))


def _whole(x: Any) -> Any:
    return to_dtype(from_python(x), "int32")


def _check_shape(function: str, name: str, x: Any, wanted: tuple[Any, ...], meaning: str) -> None:
    shape = tuple(x.shape)
    if len(shape) != len(wanted) or any(
        w is not None and n != w for n, w in zip(shape, wanted, strict=True)
    ):
        raise ValueError(f"{function} expects `{name}` of shape {meaning}; it got {shape}.")


@op
def ctc_loss(
    target: Any, output: Any, target_length: Any, output_length: Any, mask_index: int = 0
) -> Any:
    r"""Return :math:`-\ln p(\text{target} \mid \text{output})`, one number a sequence.

    The probability is the sum over all ways to lay the labels over the frames: each label takes
    one frame or more, and a blank may stand between any two, and must between equal ones. It is
    found by the forward recursion in logarithms (Graves et al., Connectionist temporal
    classification, 2006, section 4.1).

    Args:
        target: whole numbers, the labels; what lies behind `target_length` does not count.
            Shape: (n, labels).
        output: logits of the classes in each frame. Shape: (n, frames, classes).
        target_length: how many labels each sequence has. Shape: (n,).
        output_length: how many frames each sequence has. Shape: (n,).
        mask_index: the class that stands for the blank.

    Returns:
        Shape (n,), float32 (float64 for logits of float64). A target that does not fit into its
        frames has a loss of about 1e5.

    Raises:
        ValueError: if a shape does not fit, or there is no class `mask_index`.
    """
    target, length, frames = _whole(target), _whole(target_length), _whole(output_length)
    logits = _scores(output)
    _check_shape("ctc_loss", "output", logits, (None, None, None), "(n, frames, classes)")
    n, steps, classes = logits.shape
    _check_shape("ctc_loss", "target", target, (n, None), f"({n}, labels)")
    _check_shape("ctc_loss", "target_length", length, (n,), f"({n},)")
    _check_shape("ctc_loss", "output_length", frames, (n,), f"({n},)")
    blank = _blank("ctc_loss", mask_index, classes)
    states, leap = _states(target, length, blank, dtype_of(logits))
    wide = (n, steps, states.shape[1])
    places = shaping.broadcast_to(shaping.expand_dims(states, 1), wide)
    seen = indexing.take_along_axis(_log_softmax(logits), places, axis=2)
    reached = _forward(seen, leap, frames)
    return el.negative(_end(reached, length))


def _blank(function: str, mask_index: int | None, classes: int) -> int:
    if mask_index is None:
        return classes - 1
    if not -classes <= mask_index < classes:
        raise ValueError(
            f"{function} expects mask_index, the class of the blank, to be one of the {classes} "
            f"classes; it got {mask_index}."
        )
    return int(mask_index) % classes


def _states(target: Any, length: Any, blank: int, dtype: str) -> tuple[Any, Any]:
    """Return the labels with blanks around each, and ln 0 where a blank must not be left out."""
    n, labels = target.shape
    known = el.less(arange(labels, dtype="int32"), shaping.expand_dims(length, -1))
    target = el.where(known, target, blank)
    blanks = full((n, labels), blank, dtype="int32")
    pairs = shaping.reshape(shaping.stack([blanks, target], axis=2), (n, 2 * labels))
    last = full((n, 1), blank, dtype="int32")
    states = shaping.concatenate([pairs, last], axis=1)
    before = shaping.concatenate([full((n, 2), blank, dtype="int32"), states], axis=1)[:, :-2]
    label = el.equal(el.mod(arange(2 * labels + 1, dtype="int32"), 2), 1)
    may = el.logical_and(label, el.not_equal(states, before))
    return states, el.where(may, full((), 0.0, dtype), full((), _NEVER, dtype))


def _forward(seen: Any, leap: Any, frames: Any) -> Any:
    """Return ln of the probability of all ways to each state by the last frame."""
    n, steps, width = seen.shape
    dtype = dtype_of(seen)
    edge = full((n, 2), _NEVER, dtype)
    before_any = shaping.concatenate(
        [full((n, 1), 0.0, dtype), full((n, width - 1), _NEVER, dtype)], axis=1
    )
    reached = before_any
    for t in range(steps):
        wide = shaping.concatenate([edge, reached], axis=1)
        ways = [reached, wide[:, 1:-1]] + ([el.add(wide[:, :-2], leap)] if t else [])
        new = el.add(_log_sum(ways), seen[:, t])
        inside = shaping.expand_dims(el.greater(frames, t), -1)
        reached = el.where(inside, new, reached)
    return reached


def _log_sum(values: list[Any]) -> Any:
    """Return the logarithm of the sum of exponentials of arrays, element by element."""
    highest = values[0]
    for value in values[1:]:
        highest = el.maximum(highest, value)
    highest = stop_gradient(highest)
    total = el.exp(el.subtract(values[0], highest))
    for value in values[1:]:
        total = el.add(total, el.exp(el.subtract(value, highest)))
    return el.add(highest, el.log(total))


def _end(reached: Any, length: Any) -> Any:
    """Return ln of the probability to be at the last label or at the blank behind it."""
    width = reached.shape[1]
    behind = el.minimum(el.multiply(length, 2), width - 1)
    at = el.maximum(el.subtract(behind, 1), 0)

    def picked(place: Any) -> Any:
        found = indexing.take_along_axis(reached, shaping.expand_dims(place, -1), axis=1)
        return shaping.squeeze(found, -1)

    alone = picked(behind)
    return el.where(el.greater(length, 0), _log_sum([alone, picked(at)]), alone)


@op
def ctc_decode(
    inputs: Any,
    sequence_lengths: Any,
    strategy: str = "greedy",
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = True,
    mask_index: int | None = 0,
) -> tuple[Any, Any]:
    r"""Return the likeliest sequences of labels, and how likely they are.

    ``"greedy"`` takes the likeliest class of each frame; ``"beam_search"`` goes through the
    frames with the `beam_width` likeliest beginnings, each with the probabilities of all its ways
    added up (Graves et al., 2006; Hannun et al., First-pass large vocabulary continuous speech
    recognition using bi-directional recurrent DNNs, 2014).

    Args:
        inputs: logits of the classes in each frame. Shape: (n, frames, classes).
        sequence_lengths: how many frames each sequence has. Shape: (n,).
        strategy: ``"greedy"`` or ``"beam_search"``.
        beam_width: how many beginnings the search keeps.
        top_paths: how many sequences the search returns.
        merge_repeated: whether ``"greedy"`` makes equal classes of neighbouring frames one label;
            the search always does.
        mask_index: the class of the blank; the last if None.

    Returns:
        The labels, int32 of shape (paths, n, frames), -1 behind each sequence's end; and scores of
        shape (n, paths): of the search the logarithm of the probability, of ``"greedy"`` minus
        the sum of the logits on the way.

    Raises:
        ValueError: for another strategy, or a shape that does not fit.
    """
    logits, frames = _scores(inputs), _whole(sequence_lengths)
    _check_shape("ctc_decode", "inputs", logits, (None, None, None), "(n, frames, classes)")
    n, _, classes = logits.shape
    _check_shape("ctc_decode", "sequence_lengths", frames, (n,), f"({n},)")
    blank = _blank("ctc_decode", mask_index, classes)
    if strategy == "greedy":
        return _greedy(logits, frames, blank, merge_repeated)
    if strategy != "beam_search":
        raise ValueError(
            f"ctc_decode expects strategy to be 'greedy' or 'beam_search'; it got {strategy!r}."
        )
    if not 1 <= top_paths <= beam_width:
        raise ValueError(
            "ctc_decode returns at least one path and at most as many as it keeps; it got "
            f"top_paths={top_paths} with beam_width={beam_width}."
        )
    return _search(_log_softmax(logits), frames, beam_width, top_paths, blank)


def _greedy(logits: Any, frames: Any, blank: int, merge: bool) -> tuple[Any, Any]:
    n, steps, _ = logits.shape
    time = arange(steps, dtype="int32")
    inside = el.less(time, shaping.expand_dims(frames, -1))
    best = el.where(inside, reduction.max(logits, axis=2), full((), 0.0, dtype_of(logits)))
    label = to_dtype(reduction.argmax(logits, axis=2), "int32")
    kept = el.logical_and(inside, el.not_equal(label, blank))
    if merge:
        before = shaping.concatenate([full((n, 1), -1, dtype="int32"), label[:, :-1]], axis=1)
        kept = el.logical_and(kept, el.not_equal(label, before))
    order = indexing.argsort(el.where(kept, time, el.add(time, steps)), axis=1)
    label = indexing.take_along_axis(el.where(kept, label, -1), order, axis=1)
    score = el.negative(reduction.sum(best, axis=1, keepdims=True))
    return shaping.expand_dims(label, 0), score


class _Beams:
    """The beginnings that a search keeps: (n, width) each, the labels (n, width, frames)."""

    def __init__(self, labels: Any, length: Any, last: Any, closed: Any, open_: Any) -> None:
        self.labels, self.length, self.last = labels, length, last
        # ln of the probability of all ways that end with a blank, and with the last label.
        self.closed, self.open = closed, open_

    def parts(self) -> list[Any]:
        return [self.labels, self.length, self.last, self.closed, self.open]


def _search(seen: Any, frames: Any, width: int, paths: int, blank: int) -> tuple[Any, Any]:
    n, steps, _ = seen.shape
    none = full((n, width), _NO_PATH, dtype_of(seen))
    first = to_dtype(shaping.broadcast_to(el.equal(arange(width), 0), (n, width)), "bool")
    beams = _Beams(
        full((n, width, steps), -1, dtype="int32"),
        el.where(first, 0, full((n, width), -9, dtype="int32")),
        full((n, width), blank, dtype="int32"),
        el.where(first, full((), 0.0, dtype_of(seen)), none),
        none,
    )
    for t in range(steps):
        new = _advance(beams, seen[:, t], t, blank)
        inside = el.greater(frames, t)
        beams = _Beams(
            *(
                el.where(shaping.reshape(inside, (n,) + (1,) * (rank(old) - 1)), now, old)
                for now, old in zip(new.parts(), beams.parts(), strict=True)
            )
        )
    score, order = top_k(_log_sum([beams.closed, beams.open]), paths)
    labels = _rows(beams.labels, order)
    labels = el.where(shaping.expand_dims(el.greater(score, _BEGUN), -1), labels, -1)
    score = el.where(el.greater(score, _BEGUN), score, full((), -float("inf"), dtype_of(seen)))
    return shaping.transpose(labels, (1, 0, 2)), score


def _rows(x: Any, order: Any) -> Any:
    """Return the beams of `x` in an order."""
    order = to_dtype(order, "int32")
    if rank(x) == 3:
        shape = (*order.shape, x.shape[2])
        order = shaping.broadcast_to(shaping.expand_dims(order, -1), shape)
    return indexing.take_along_axis(x, order, axis=1)


def _advance(beams: _Beams, seen: Any, t: int, blank: int) -> _Beams:
    """Return the likeliest beginnings after one more frame."""
    n, width = beams.length.shape
    classes = seen.shape[1]
    total = _log_sum([beams.closed, beams.open])
    closed = el.add(total, seen[:, blank : blank + 1])
    again = el.add(beams.open, indexing.take_along_axis(seen, beams.last, axis=1))
    longer = _longer(beams, total, seen, blank)
    again, longer = _merged(beams, again, longer, t)
    stay = _log_sum([closed, again])
    candidates = shaping.concatenate([stay, shaping.reshape(longer, (n, width * classes))], axis=1)
    value, place = top_k(candidates, width)
    place = to_dtype(place, "int32")
    stayed = el.less(place, width)
    beyond = el.maximum(el.subtract(place, width), 0)
    source = el.where(stayed, place, el.floor_divide(beyond, classes))
    label = el.mod(beyond, classes)
    length = _rows(beams.length, source)
    here = el.equal(arange(beams.labels.shape[2], dtype="int32"), shaping.expand_dims(length, -1))
    here = el.logical_and(here, shaping.expand_dims(el.logical_not(stayed), -1))
    labels = el.where(here, shaping.expand_dims(label, -1), _rows(beams.labels, source))
    length = el.where(stayed, length, el.add(length, 1))
    none = full((), _NO_PATH, dtype_of(seen))
    return _Beams(
        labels,
        el.where(el.greater(value, _BEGUN), length, -9),  # related to no other beginning
        el.where(stayed, _rows(beams.last, source), label),
        el.where(stayed, _rows(closed, source), none),
        el.where(stayed, _rows(again, source), value),
    )


def _longer(beams: _Beams, total: Any, seen: Any, blank: int) -> Any:
    """Return ln of the probability of each beginning with each label after it: (n, width, c)."""
    label = arange(seen.shape[1], dtype="int32")
    same = el.equal(shaping.expand_dims(beams.last, -1), label)
    # Only a blank between makes an equal label a new one.
    before = el.where(same, shaping.expand_dims(beams.closed, -1), shaping.expand_dims(total, -1))
    longer = el.add(before, shaping.expand_dims(seen, 1))
    return el.where(el.equal(label, blank), full((), _NO_PATH, dtype_of(seen)), longer)


def _merged(beams: _Beams, again: Any, longer: Any, t: int) -> tuple[Any, Any]:
    """Give what makes a kept beginning of a shorter one to the kept beginning."""
    n, width, classes = longer.shape
    none = full((), _NO_PATH, dtype_of(longer))
    known = beams.labels[:, :, : max(t, 1)]
    end = el.equal(
        arange(known.shape[2], dtype="int32"),
        el.subtract(shaping.expand_dims(beams.length, -1), 1),
    )
    shorter = el.where(end, -1, known)
    equal = reduction.all(
        el.equal(shaping.expand_dims(known, 2), shaping.expand_dims(shorter, 1)), axis=3
    )
    follows = el.equal(
        shaping.expand_dims(el.add(beams.length, 1), 2), shaping.expand_dims(beams.length, 1)
    )
    child = el.logical_and(equal, follows)  # (n, beginning, the one that is a label longer)
    last = shaping.broadcast_to(shaping.expand_dims(beams.last, 1), (n, width, width))
    gained = el.where(child, indexing.take_along_axis(longer, last, axis=2), none)
    again = _log_sum([again, reduction.max(gained, axis=1)])
    label = el.equal(shaping.expand_dims(beams.last, -1), arange(classes, dtype="int32"))
    # A product counts: (n, beginning, longer one) by (n, longer one, label).
    taken = matmul(to_dtype(child, "float32"), to_dtype(label, "float32"))
    return again, el.where(el.greater(taken, 0.0), none, longer)

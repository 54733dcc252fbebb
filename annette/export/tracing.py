"""A model's inference, traced for several sizes of the axes that are unknown."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Sequence
from typing import Any

from annette.export.choosing import FAILURES, Choice, freest
from annette.export.errors import Refused
from annette.export.flow import Flow, Unlike, joined
from annette.graph.body import pruned
from annette.graph.context import state
from annette.graph.graph import Graph
from annette.graph.primitive import constant, read
from annette.graph.tensor import Node, Tensor
from annette.graph.trace import Trace
from annette.utils import tree

_PASSED = ("identity", "stop_gradient", "custom_gradient")


@dataclasses.dataclass(frozen=True)
class InputSpec:
    """An input of the exported model: its name, its sizes (None: any), its dtype."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str


def traced(
    call: Callable[..., Any], specs: Sequence[InputSpec], keeps: Callable[[Node], bool]
) -> tuple[Flow, Any]:
    """Return what ``call(*inputs)`` does, and its result with the places of the outputs in it.

    Args:
        call: takes a Tensor for each input.
        specs: of the inputs.
        keeps: says which fused operations stay as they are.

    Raises:
        Refused: if what is done depends on the size of an unknown axis.
    """
    shapes = [s.shape for s in specs]

    def attempt(choice: Choice) -> tuple[Flow, Any]:
        try:
            return _joint(call, specs, choice.sizes(shapes), keeps)
        except Unlike:
            # It may have been chance: a size that equals another of the model.
            return _joint(call, specs, choice.sizes(shapes, moved=True), keeps)

    try:
        return freest(attempt, shapes)
    except Refused:
        raise
    except Unlike as error:
        raise Refused(
            f"What it computes depends on a size that is not known: {error}. Give the "
            "input_signature sizes where there is None."
        ) from error
    except FAILURES as error:
        raise Refused(f"Its inference cannot be recorded: {error}") from error


def _joint(
    call: Callable[..., Any],
    specs: Sequence[InputSpec],
    sizes: list[list[tuple[int, ...]]],
    keeps: Callable[[Node], bool],
) -> tuple[Flow, Any]:
    graphs, results, labels = [], [], {}
    moves = any(None in s.shape for s in specs)
    for trace in range(len(next(n for axes in sizes for n in axes)) if moves else 1):
        shapes = [tuple(n[trace] for n in axes) for axes in sizes]
        graph, result, own = _one(call, specs, shapes, keeps)
        graphs.append(graph)
        results.append(result)
        labels.update(own)
    flow = joined(graphs, lambda node: labels.get(id(node), ""))
    numbers = itertools.count()
    places = tree.map_structure(
        lambda t: next(numbers) if isinstance(t, Tensor) else None, results[0]
    )
    return flow, places


class _Labelled(list[Node]):
    """The nodes of a trace, with the names of the layers in whose calls they were recorded."""

    def __init__(self) -> None:
        super().__init__()
        self.labels: dict[int, str] = {}

    def append(self, node: Node) -> None:
        self.labels[id(node)] = "/".join(state.names)
        super().append(node)


def _one(
    call: Callable[..., Any],
    specs: Sequence[InputSpec],
    shapes: Sequence[tuple[int, ...]],
    keeps: Callable[[Node], bool],
) -> tuple[Graph, Any, dict[int, str]]:
    inputs = [Tensor(n, s.dtype) for n, s in zip(shapes, specs, strict=True)]
    with Trace() as recorder:
        recorder.nodes = nodes = _Labelled()
        result = tree.map_structure(_tensor, call(*inputs))
    changed = [v for v, t in recorder.current.items() if t is not recorder.reads.get(v)]
    if changed:
        if any(node.primitive.name == "random_bits" for node in nodes):
            raise Refused(
                f"Its inference draws random numbers ({changed[0].path!r}), and ONNX has none that "
                "follow from a seed. Draw them only where training is True."
            )
        raise Refused(
            f"Each call of it changes the variable {changed[0].path!r}, and a file has no memory "
            "from one call to the next. Export it without what is remembered (stateful=False)."
        )
    outputs = [t for t in tree.flatten(result) if isinstance(t, Tensor)]
    graph = Graph("model", inputs, recorder.reads, nodes, outputs, [])
    return *_expanded(graph, keeps, nodes.labels, result), nodes.labels


def _tensor(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    value = read(value)
    return value if isinstance(value, Tensor) else constant(value)


def _expanded(
    graph: Graph, keeps: Callable[[Node], bool], labels: dict[int, str], result: Any
) -> tuple[Graph, Any]:
    """Return an equal graph of primitives and the fused operations that are kept."""
    replaced: dict[int, Tensor] = {}
    nodes: list[Node] = []
    alive: list[Any] = [graph]

    def now(t: Tensor) -> Tensor:
        while id(t) in replaced:
            t = replaced[id(t)]
        return t

    def add(node: Node, label: str) -> None:
        alive.append(node)
        inputs = tuple(now(t) for t in node.inputs)
        fresh = Node(node.primitive, inputs, node.params)
        fresh.outputs = node.outputs
        expand = getattr(node.primitive, "expand", None)
        if expand is not None and not keeps(fresh):
            inner, outputs = expand(inputs, node.params)
            for child in inner:
                add(child, label)
            replaced.update((id(t), now(o)) for t, o in zip(node.outputs, outputs, strict=True))
            return
        if node.primitive.name in _PASSED:
            replaced.update((id(t), inputs[i]) for i, t in enumerate(node.outputs))
            return
        fresh.outputs = tuple(
            Tensor(t.shape, t.dtype, node=fresh, index=i) for i, t in enumerate(node.outputs)
        )
        replaced.update((id(t), o) for t, o in zip(node.outputs, fresh.outputs, strict=True))
        nodes.append(fresh)
        labels[id(fresh)] = label

    for node in graph.nodes:
        add(node, labels.get(id(node), ""))
    outputs = [now(t) for t in graph.outputs]
    nodes = _needed(nodes, outputs, keeps, labels)
    made = Graph(graph.name, graph.inputs, graph.reads, nodes, outputs, [])
    return made, tree.map_structure(lambda t: now(t) if isinstance(t, Tensor) else t, result)


def _needed(
    nodes: list[Node],
    outputs: list[Tensor],
    keeps: Callable[[Node], bool],
    labels: dict[int, str],
) -> list[Node]:
    """Return the nodes that the outputs need, loops without what nobody asks for."""
    wanted = {id(t) for t in outputs}
    kept: list[Node] = []

    def ready(body: Graph) -> Graph:
        return _expanded(body, keeps, {}, None)[0]

    for node in reversed(nodes):
        if not any(id(t) in wanted for t in node.outputs):
            continue
        if "body" in node.params:
            label = labels.get(id(node), "")
            node = pruned(node, lambda t: id(t) in wanted, ready)
            labels[id(node)] = label
        wanted.update(id(t) for t in node.inputs)
        kept.append(node)
    return kept[::-1]

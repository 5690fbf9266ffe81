"""Recorded passes of torch with fewer runs over memory: they give the same.

What Keras's layers become on torch copies each picture twice in front of a convolution, and scales
and shifts it in four steps behind; on an accelerator that takes longer than the convolutions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.fx import Graph, GraphModule, Node
from torch.fx.experimental.proxy_tensor import make_fx

Tensor = Any
Operand = Any
"""A node or a number."""

aten = torch.ops.aten
SMALL = 16
"""How many times larger than what it is combined with a tensor is that is worth fewer passes."""


def simplified(graph: GraphModule, values: list[Tensor], arrays: list[Tensor]) -> GraphModule:
    """The same graph without writing in place, needless copies, and constants that are made anew.

    values, arrays: what it was recorded with.
    """
    pure: GraphModule = make_fx(torch.func.functionalize(graph))(values, arrays)
    _fold_constants(pure)
    _join_copies(pure.graph)
    _join_scalings(pure.graph)
    pure.graph.eliminate_dead_code()
    pure.graph.lint()
    pure.recompile()
    return pure


def _value(node: Operand) -> Tensor | None:
    value = node.meta.get("val") if isinstance(node, Node) else None
    return value if isinstance(value, torch.Tensor) else None


def _fold_constants(module: GraphModule) -> None:
    """What depends on constants alone is computed once; a CUDA graph cannot fetch it."""
    constant: dict[Node, Tensor] = {}
    for node in list(module.graph.nodes):
        if node.op == "get_attr":
            constant[node] = getattr(module, str(node.target))
        elif _is_constant(node, constant):
            args, kwargs = torch.fx.node.map_arg((node.args, node.kwargs), constant.__getitem__)
            with torch.no_grad():
                value = node.target(*args, **kwargs)
            name = f"folded_{len(constant)}"
            module.register_buffer(name, value)
            with module.graph.inserting_before(node):
                kept = module.graph.get_attr(name)
            kept.meta = dict(node.meta)
            node.replace_all_uses_with(kept)
            module.graph.erase_node(node)
            constant[kept] = value


def _is_constant(node: Node, constant: dict[Node, Tensor]) -> bool:
    if node.op != "call_function" or not node.all_input_nodes or _value(node) is None:
        return False
    random = torch.Tag.nondeterministic_seeded in getattr(node.target, "tags", ())
    return not random and all(each in constant for each in node.all_input_nodes)


def _join_copies(graph: Graph) -> None:
    """Of copies of copies the last is made, and none that is laid out as what it copies."""
    for node in list(graph.nodes):
        if node.target is not aten.clone.default:
            continue
        source = node.args[0]
        while source.target is aten.clone.default:
            source = source.args[0]
        node.update_arg(0, source)
        copy, given = _value(node), _value(source)
        if copy is not None and given is not None and copy.stride() == given.stride():
            node.replace_all_uses_with(source)
            graph.erase_node(node)


@dataclass(frozen=True)
class _Scaling:
    """x · scale + shift; None where there is no such step."""

    x: Node
    scale: Operand | None
    shift: Operand | None


def _join_scalings(graph: Graph) -> None:
    """Steps that add to, or multiply, a large tensor become one step."""
    for node in list(graph.nodes):
        if _step(node) is None or any(_step(user) and _continues(node) for user in node.users):
            continue
        chain = [node]
        while (step := _step(chain[-1])) and _step(step[0]) and _continues(step[0]):
            chain.append(step[0])
        if len(chain) > 1:
            _replace(graph, node, chain[::-1])


def _continues(node: Node) -> bool:
    """Whether only one step sees what this one gives, as the large tensor."""
    users = list(node.users)
    if len(users) != 1:
        return False
    step = _step(users[0])
    return step is not None and step[0] is node


def _step(node: Operand) -> tuple[Node, Operand] | None:
    """The large tensor and what is combined with it, where a node is such a step."""
    if not isinstance(node, Node) or node.kwargs or len(node.args) != 2:
        return None
    if node.target not in (aten.add.Tensor, aten.sub.Tensor, aten.mul.Tensor, aten.div.Tensor):
        return None
    whole = _value(node)
    if whole is None or whole.dtype != torch.float32:
        return None
    first, second = node.args
    if _is_large(first, whole) and _is_small(second, whole):
        return first, second
    swaps = node.target in (aten.add.Tensor, aten.mul.Tensor)
    if swaps and _is_large(second, whole) and _is_small(first, whole):
        return second, first
    return None


def _is_large(operand: Operand, whole: Tensor) -> bool:
    value = _value(operand)
    return value is not None and value.shape == whole.shape and value.dtype == whole.dtype


def _is_small(operand: Operand, whole: Tensor) -> bool:
    if isinstance(operand, int | float):
        return True
    value = _value(operand)
    return value is not None and (
        value.dtype == whole.dtype and SMALL * value.numel() <= whole.numel()
    )


def _replace(graph: Graph, last: Node, chain: Sequence[Node]) -> None:
    with graph.inserting_before(last):
        scaling = _composed(graph, chain)
        x, scale, shift = scaling.x, scaling.scale, scaling.shift
        if isinstance(scale, Node) and isinstance(shift, Node):
            joined = graph.call_function(aten.addcmul.default, (shift, x, scale))
        elif isinstance(shift, Node) and scale is not None:
            joined = graph.call_function(aten.add.Tensor, (shift, x), {"alpha": scale})
        else:
            joined = x if scale is None else graph.call_function(aten.mul.Tensor, (x, scale))
            if shift is not None:
                joined = graph.call_function(aten.add.Tensor, (joined, shift))
    joined.meta = joined.meta or dict(last.meta)
    last.replace_all_uses_with(joined)


def _composed(graph: Graph, chain: Sequence[Node]) -> _Scaling:
    """All steps of a chain, the first one first, in small tensors."""
    first = _step(chain[0])
    assert first is not None  # noqa: S101  (for mypy: a chain is made of steps)
    scale: Operand | None = None
    shift: Operand | None = None

    for node in chain:
        step = _step(node)
        assert step is not None  # noqa: S101  (for mypy)
        _, small = step
        if node.target in (aten.add.Tensor, aten.sub.Tensor):
            shift = _combined(graph, node.target, shift, small)
            continue
        scale = _combined(graph, node.target, scale, small)
        shift = None if shift is None else _combined(graph, node.target, shift, small)
    return _Scaling(first[0], scale, shift)


_INVERSE: dict[Any, tuple[Any, Any, Callable[[float], float]]] = {
    aten.sub.Tensor: (aten.neg.default, aten.add.Tensor, lambda number: -number),
    aten.div.Tensor: (aten.reciprocal.default, aten.mul.Tensor, lambda number: 1 / number),
}
_ON_NUMBERS = {aten.add.Tensor: float.__add__, aten.mul.Tensor: float.__mul__}


def _combined(graph: Graph, target: Any, before: Operand | None, small: Operand) -> Operand:
    """What stood before and what a step takes, as one small operand; None stands for no step."""
    if target in _INVERSE:  # to subtract is to add the opposite
        of_tensor, target, of_number = _INVERSE[target]
        number = not isinstance(small, Node)
        small = of_number(small) if number else graph.call_function(of_tensor, (small,))
    if before is None:
        return small
    if isinstance(before, Node):
        return graph.call_function(target, (before, small))
    if isinstance(small, Node):
        return graph.call_function(target, (small, before))
    return _ON_NUMBERS[target](float(before), float(small))

"""Plain Python functions of numbers and buffers as machine code: for algorithms with loops.

``Steps`` are straight-line code. An algorithm around a kernel, such as a search, has loops and
decisions: it is written as a module of plain functions, and translated. Without LLVM the functions
run as they are; both do the same arithmetic in the same order.

Arguments and results are annotated ``int``, ``float``, ``Buffer`` (contiguous float64) or
``Kernel`` (a kernel's address). A body has assignments to names and entries, ``for ... in range``,
``while``, ``if``, ``break`` and ``return``; arithmetic, comparisons, ``and``, ``or`` (both sides
are computed) and ``not``; ``min``, ``max``, ``abs``, ``float``, ``sqrt``, ``cos``, ``sin``,
``atan2``, ``at(buffer, k)`` (the buffer from entry k), kernels, functions of the module and of
those that it imports from. Other names are the module's numbers. Nothing is checked: as in C, a
wrong index crashes.

This module loads llvmlite; see ``compile``.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Mapping
from typing import Any

from llvmlite import ir

from arms.machine import buffers

_I64, _F64, _PTR, _VOID, _BIT = (
    ir.IntType(64),
    ir.DoubleType(),
    ir.PointerType(),
    ir.VoidType(),
    ir.IntType(1),
)
_KINDS = {"int": _I64, "float": _F64, "Buffer": _PTR, "Kernel": _I64, "bool": _BIT, "None": _VOID}
_ORDER = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
_LIBRARY = {"sqrt": "llvm.sqrt.f64", "abs": "llvm.fabs.f64", "cos": "cos", "sin": "sin"}


def translated(module: Any) -> str:
    """LLVM assembly of a module's functions, by their names, and of those that it imports."""
    target = ir.Module(module.__name__)
    found = [(source, vars(part)) for part in _parts(module) for source in _sources(part)]
    functions = {source.name: _declared(target, source) for source, _ in found}
    for source, names in found:
        _Body(source, functions, names)
    return str(target)


def _parts(module: Any) -> list[Any]:
    """A module, and all of whose functions it and they use."""
    found = [module]
    for part in found:
        for value in vars(part).values():
            home = sys.modules.get(getattr(value, "__module__", None) or "")
            if inspect.isfunction(value) and home not in (None, buffers, *found):
                found.append(home)
    return found


def _sources(module: Any) -> list[ast.FunctionDef]:
    body = ast.parse(inspect.getsource(module)).body
    return [part for part in body if isinstance(part, ast.FunctionDef)]


def _declared(module: ir.Module, source: ast.FunctionDef) -> ir.Function:
    kinds = [_KINDS[ast.unparse(a.annotation)] for a in source.args.args if a.annotation]
    result = _KINDS[ast.unparse(source.returns)] if source.returns else _VOID
    return ir.Function(module, ir.FunctionType(result, kinds), source.name)


class _Body:
    """The instructions of one function, which ``b`` writes."""

    def __init__(
        self,
        source: ast.FunctionDef,
        functions: dict[str, ir.Function],
        names: Mapping[str, Any],
    ) -> None:
        self.functions, self.names = functions, names
        self.function = functions[source.name]
        self.b: Any = ir.IRBuilder(self.function.append_basic_block("entry"))
        self.places: dict[str, tuple[Any, Any]] = {}  # of variables: address, type
        self.ends: list[Any] = []  # where `break` goes
        for argument, value in zip(source.args.args, self.function.args, strict=True):
            self.assign(argument.arg, value)
        self.statements(source.body)
        if not self.b.block.is_terminated:
            ends = self.function.function_type.return_type == _VOID
            self.b.ret_void() if ends else self.b.unreachable()

    def assign(self, name: str, value: Any) -> None:
        if name not in self.places:
            with self.b.goto_entry_block():
                self.places[name] = self.b.alloca(value.type), value.type
        place, kind = self.places[name]
        self.b.store(self.as_float(value) if kind == _F64 else value, place)

    def as_float(self, value: Any) -> Any:
        return self.b.sitofp(value, _F64) if value.type == _I64 else value

    def statements(self, body: list[ast.stmt]) -> None:
        for statement in body:
            getattr(self, f"do_{type(statement).__name__}")(statement)
            if self.b.block.is_terminated:
                return

    def do_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # a docstring
            self.value(node.value)

    def do_Assign(self, node: ast.Assign) -> None:
        target, source = node.targets[0], node.value
        if isinstance(target, ast.Tuple) and isinstance(source, ast.Tuple):
            values = [self.value(part) for part in source.elts]
            for part, value in zip(target.elts, values, strict=True):
                self.store(part, value)
        else:
            self.store(target, self.value(source))

    def do_AugAssign(self, node: ast.AugAssign) -> None:
        self.store(node.target, self.arithmetic(node.op, self.value(node.target), node.value))

    def store(self, target: ast.expr, value: Any) -> None:
        if isinstance(target, ast.Subscript):
            self.b.store(self.as_float(value), self.entry(target.value, target.slice))
        else:
            assert isinstance(target, ast.Name), ast.unparse(target)
            self.assign(target.id, value)

    def do_Return(self, node: ast.Return) -> None:
        if node.value is None:
            self.b.ret_void()
            return
        value, kind = self.value(node.value), self.function.function_type.return_type
        self.b.ret(self.as_float(value) if kind == _F64 else value)

    def do_Break(self, _: ast.Break) -> None:
        self.b.branch(self.ends[-1])

    def do_If(self, node: ast.If) -> None:
        yes, no, end = (self.b.append_basic_block(name) for name in ("then", "else", "end"))
        self.b.cbranch(self.value(node.test), yes, no)
        for block, body in ((yes, node.body), (no, node.orelse)):
            self.b.position_at_end(block)
            self.statements(body)
            if not self.b.block.is_terminated:
                self.b.branch(end)
        self.b.position_at_end(end)

    def do_While(self, node: ast.While) -> None:
        self.loop(lambda: self.value(node.test), node.body, lambda: None)

    def do_For(self, node: ast.For) -> None:
        assert isinstance(node.target, ast.Name), ast.unparse(node.target)
        assert isinstance(node.iter, ast.Call), ast.unparse(node.iter)
        bounds = [self.value(bound) for bound in node.iter.args]
        name, last = node.target.id, bounds[-1]
        with self.b.goto_entry_block():
            counter = self.b.alloca(_I64)
        self.b.store(bounds[0] if len(bounds) > 1 else _I64(0), counter)

        def more() -> Any:
            k = self.b.load(counter, typ=_I64)
            self.assign(name, k)
            return self.b.icmp_signed("<", k, last)

        def advance() -> None:
            self.b.store(self.b.add(self.b.load(counter, typ=_I64), _I64(1)), counter)

        self.loop(more, node.body, advance)

    def loop(
        self, more: Callable[[], Any], body: list[ast.stmt], advance: Callable[[], None]
    ) -> None:
        test, inside, end = (self.b.append_basic_block(name) for name in ("test", "body", "end"))
        self.b.branch(test)
        self.b.position_at_end(test)
        self.b.cbranch(more(), inside, end)
        self.b.position_at_end(inside)
        self.ends.append(end)
        self.statements(body)
        self.ends.pop()
        if not self.b.block.is_terminated:
            advance()
            self.b.branch(test)
        self.b.position_at_end(end)

    def value(self, node: ast.expr) -> Any:
        return getattr(self, f"of_{type(node).__name__}")(node)

    def of_Constant(self, node: ast.Constant) -> Any:
        return self.number(node.value)

    def number(self, value: Any) -> Any:
        if isinstance(value, bool):
            return _BIT(value)
        return _F64(value) if isinstance(value, float) else _I64(int(value))

    def of_Name(self, node: ast.Name) -> Any:
        if node.id in self.places:
            place, kind = self.places[node.id]
            return self.b.load(place, typ=kind)
        return self.number(self.names[node.id])

    def of_Subscript(self, node: ast.Subscript) -> Any:
        return self.b.load(self.entry(node.value, node.slice), typ=_F64)

    def entry(self, buffer: ast.expr, index: ast.expr) -> Any:
        return self.b.gep(self.value(buffer), [self.value(index)], source_etype=_F64)

    def of_BinOp(self, node: ast.BinOp) -> Any:
        return self.arithmetic(node.op, self.value(node.left), node.right)

    def arithmetic(self, operator: ast.operator, left: Any, right: ast.expr) -> Any:
        name = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div"}[type(operator)]
        other = self.value(right)
        if left.type == _I64 and other.type == _I64 and name != "div":
            return getattr(self.b, name)(left, other)
        return getattr(self.b, f"f{name}")(self.as_float(left), self.as_float(other))

    def of_UnaryOp(self, node: ast.UnaryOp) -> Any:
        value = self.value(node.operand)
        if isinstance(node.op, ast.Not):
            return self.b.not_(value)
        return self.b.fneg(value) if value.type == _F64 else self.b.neg(value)

    def of_BoolOp(self, node: ast.BoolOp) -> Any:
        total, *others = (self.value(part) for part in node.values)
        join = self.b.and_ if isinstance(node.op, ast.And) else self.b.or_
        for other in others:
            total = join(total, other)
        return total

    def of_Compare(self, node: ast.Compare) -> Any:
        return self.compare(
            _ORDER[type(node.ops[0])], self.value(node.left), self.value(node.comparators[0])
        )

    def compare(self, sign: str, left: Any, right: Any) -> Any:
        if left.type == _I64 and right.type == _I64:
            return self.b.icmp_signed(sign, left, right)
        write = self.b.fcmp_unordered if sign == "!=" else self.b.fcmp_ordered
        return write(sign, self.as_float(left), self.as_float(right))

    def of_Call(self, node: ast.Call) -> Any:
        name, arguments = ast.unparse(node.func), [self.value(a) for a in node.args]
        if isinstance(node.func, ast.Name) and name in self.places:  # a kernel
            kind = ir.FunctionType(_VOID, [_PTR] * 4).as_pointer()
            return self.b.call(self.b.inttoptr(self.of_Name(node.func), kind), arguments)
        if name == "at":
            return self.b.gep(*arguments[:1], arguments[1:], source_etype=_F64)
        if name in ("min", "max"):
            first, second = map(self.as_float, arguments)
            other = self.compare("<" if name == "min" else ">", second, first)
            return self.b.select(other, second, first)
        if name == "float":
            return self.as_float(arguments[0])
        function = self.functions.get(name) or self.library(name, len(arguments))
        kinds = function.function_type.args
        pairs = zip(arguments, kinds, strict=True)
        return self.b.call(function, [self.as_float(a) if k == _F64 else a for a, k in pairs])

    def library(self, name: str, count: int) -> Any:
        symbol = _LIBRARY.get(name, name)
        module = self.function.module
        known = module.globals.get(symbol)
        return known or ir.Function(module, ir.FunctionType(_F64, [_F64] * count), symbol)

"""The part of the control API about packages, cancellations and returns: what sellers, carriers and buyers do."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from flask import Blueprint, Response

from sandbox import packages
from sandbox.control_body import json_answer, read_body
from sandbox.errors import ControlError
from sandbox.model import CancelCase, Package, ReturnCase
from sandbox.simulator import Simulator


def delivery_routes(blueprint: Blueprint, simulator: Simulator) -> None:
    """Add the routes to the control API."""
    _packages(blueprint, simulator)
    _after_sale(blueprint, simulator)
    _finance(blueprint, simulator)


def _packages(blueprint: Blueprint, simulator: Simulator) -> None:
    world, desk = simulator.world, simulator.packages
    actions = {"ship": desk.ship, "collect": desk.collect, "deliver": desk.deliver}

    @blueprint.get("/orders/<order_id>/packages")
    def of_order(order_id: str) -> Response:
        with world.lock:
            return json_answer({"packages": [_package(each) for each in packages.of(world, world.order(order_id))]})

    @blueprint.post("/orders/<order_id>/split")
    def split(order_id: str) -> Response:
        with world.lock:
            made = desk.split(world.order(order_id), read_body()["groups"])
            return json_answer({"packages": [_package(each) for each in made]})

    @blueprint.post("/packages/combine")
    def combine() -> Response:
        with world.lock:
            return json_answer(_package(desk.combine([world.package(each) for each in read_body()["package_ids"]])))

    @blueprint.post("/packages/<package_id>/uncombine")
    def uncombine(package_id: str) -> Response:
        with world.lock:
            made = desk.uncombine(world.package(package_id))
            return json_answer({"packages": [_package(each) for each in made]})

    @blueprint.post("/packages/<package_id>/<action>")
    def act_on_package(package_id: str, action: str) -> Response:
        if action not in actions:
            raise ControlError(f"no action {action!r} on packages; there are {', '.join(actions)}")
        with world.lock:
            return json_answer(_package(actions[action](world.package(package_id))))


def _after_sale(blueprint: Blueprint, simulator: Simulator) -> None:
    world, desk = simulator.world, simulator.after_sale

    @blueprint.post("/orders/<order_id>/request_cancel")
    def request_cancel(order_id: str) -> Response:
        body = read_body()
        with world.lock:
            return json_answer(_cancellation(desk.request_cancel(world.order(order_id), body.get("line_ids", ()))))

    @blueprint.post("/cancellations/<cancel_id>/decide")
    def decide(cancel_id: str) -> Response:
        with world.lock:
            case = world.cancellations.get(cancel_id)
            if case is None:
                raise ControlError(f"no cancellation {cancel_id!r}")
            return json_answer(_cancellation(desk.decide(case, approve=bool(read_body().get("approve")))))

    @blueprint.get("/orders/<order_id>/cancellations")
    def cancellations(order_id: str) -> Response:
        with world.lock:
            found = [case for case in world.cancellations.values() if case.order.id == order_id]
            return json_answer({"cancellations": [_cancellation(case) for case in found]})

    @blueprint.post("/orders/<order_id>/request_return")
    def request_return(order_id: str) -> Response:
        body = read_body()
        with world.lock:
            order = world.order(order_id)
            lines = body.get("line_ids") or [line["id"] for line in packages.active_lines(order)]
            case = desk.request_return(order, lines, type_=str(body.get("type")), reason=str(body.get("reason") or ""))
            return json_answer(_return(case))

    @blueprint.post("/returns/<return_id>/set_status")
    def set_return_status(return_id: str) -> Response:
        with world.lock:
            case = world.returns.get(return_id)
            if case is None:
                raise ControlError(f"no return {return_id!r}")
            return json_answer(_return(desk.set_return_status(case, str(read_body().get("status")))))

    @blueprint.get("/orders/<order_id>/returns")
    def returns(order_id: str) -> Response:
        with world.lock:
            found = [case for case in world.returns.values() if case.order.id == order_id]
            return json_answer({"returns": [_return(case) for case in found]})


def _finance(blueprint: Blueprint, simulator: Simulator) -> None:
    world, ledger = simulator.world, simulator.ledger

    @blueprint.post("/shops/<shop_id>/settle")
    def settle(shop_id: str) -> Response:
        with world.lock:
            statement = ledger.settle(world.shop(shop_id))
            return json_answer({"id": statement.id, "settlement": str(statement.total("settlement"))})

    @blueprint.post("/shops/<shop_id>/adjust")
    def adjust(shop_id: str) -> Response:
        body = read_body()
        try:
            amount = Decimal(str(body.get("amount")))
        except InvalidOperation:
            raise ControlError("amount must be a number") from None
        with world.lock:
            made = ledger.adjust(world.shop(shop_id), amount, str(body.get("reason") or ""))
            return json_answer({"id": made.id})

    @blueprint.post("/statements/<statement_id>/pay")
    def pay(statement_id: str) -> Response:
        with world.lock:
            statement = ledger.statements.get(statement_id)
            if statement is None:
                raise ControlError(f"no statement {statement_id!r}")
            return json_answer({"payment_status": ledger.pay(statement, str(read_body().get("status"))).payment_status})


def _package(package: Package) -> dict[str, Any]:
    return {
        "id": package.id,
        "status": package.status,
        "order_ids": package.order_ids,
        "line_ids": list(package.lines),
        "tracking_number": package.tracking_number,
        "provider": package.provider.get("name", ""),
        "handover_method": package.handover_method,
        "tag": package.tag,
    }


def _cancellation(case: CancelCase) -> dict[str, Any]:
    return {
        "id": case.id,
        "order_id": case.order.id,
        "line_ids": list(case.line_ids),
        "status": case.status,
        "role": case.role,
        "reason": case.reason,
        "respond_by": case.respond_by,
    }


def _return(case: ReturnCase) -> dict[str, Any]:
    return {
        "id": case.id,
        "order_id": case.order.id,
        "line_ids": list(case.line_ids),
        "type": case.type,
        "status": case.status,
    }

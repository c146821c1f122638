"""Settlement: what TikTok keeps of an order, and the statements by which it pays out the rest.

The rule is ours, and simple: of what the goods bring (the buyer's price and the platform's discount) 5 % are the
referral fee and 2 % the transaction fee, with 19 % tax on both; the carrier costs 3.00 for each package. Everything
adds up to the last digit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from sandbox import packages
from sandbox.errors import ControlError
from sandbox.markets import quantize
from sandbox.model import Order, ReturnCase, Shop
from sandbox.world import World

REFERRAL, TRANSACTION, TAX = Decimal("0.05"), Decimal("0.02"), Decimal("0.19")
CARRIER = Decimal(3)
ZERO = Decimal(0)


@dataclass
class Transaction:
    """One order's, refund's or adjustment's part of a statement; costs are negative."""

    id: str
    order: Order | None
    create_time: int
    revenue: Decimal = ZERO
    paid_shipping: Decimal = ZERO
    carrier: Decimal = ZERO
    fees: dict[str, Decimal] = field(default_factory=dict)
    taxes: dict[str, Decimal] = field(default_factory=dict)
    adjustment: Decimal = ZERO
    adjustment_id: str = ""
    reason: str = ""

    @property
    def shipping(self) -> Decimal:
        return self.paid_shipping + self.carrier

    @property
    def fee_tax(self) -> Decimal:
        return sum(self.fees.values(), ZERO) + sum(self.taxes.values(), ZERO)

    @property
    def settlement(self) -> Decimal:
        return self.revenue + self.shipping + self.fee_tax + self.adjustment


@dataclass
class Statement:
    """``payment_status`` is PROCESSING, PAID or FAILED."""

    id: str
    shop: Shop
    time: int
    transactions: list[Transaction]
    payment_status: str = "PROCESSING"
    payment_id: str = ""
    payment_time: int = 0

    def total(self, name: str) -> Decimal:
        """Sum of one of a transaction's amounts."""
        return sum((getattr(each, name) for each in self.transactions), ZERO)


class Ledger:
    """Settles orders, refunds and adjustments of each shop into statements."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.statements: dict[str, Statement] = {}
        self._settled: set[str] = set()
        self._open: dict[str, list[Transaction]] = {}

    def adjust(self, shop: Shop, amount: Decimal, reason: str) -> Transaction:
        """TikTok gives or takes something that belongs to no order; it is in the next statement."""
        made = Transaction(
            self._world.ids.new("transaction"),
            None,
            self._world.now(),
            adjustment=amount,
            adjustment_id=self._world.ids.new("transaction"),
            reason=reason,
        )
        self._open.setdefault(shop.id, []).append(made)
        return made

    def settle(self, shop: Shop) -> Statement:
        """A statement of all that was delivered, refunded or adjusted and is in none yet.

        :raises ControlError: there is nothing to settle.
        """
        transactions = [self._sale(order) for order in self._world.orders[shop.id] if self._is_due(order)]
        transactions += [self._refund(case) for case in self._world.returns.values() if self._is_refund(shop, case)]
        transactions += self._open.pop(shop.id, [])
        if not transactions:
            raise ControlError("there is nothing to settle")
        statement = Statement(self._world.ids.new("statement"), shop, self._world.now(), transactions)
        self.statements[statement.id] = statement
        return statement

    def pay(self, statement: Statement, status: str) -> Statement:
        """Whether the bank took it."""
        if status not in ("PAID", "FAILED"):
            raise ControlError("a statement is PAID or FAILED in the end")
        statement.payment_status = status
        statement.payment_id = statement.payment_id or self._world.ids.new("transaction")
        statement.payment_time = self._world.now()
        return statement

    def of(self, shop: Shop) -> list[Statement]:
        """The shop's statements, oldest first."""
        return [each for each in self.statements.values() if each.shop is shop]

    def _is_due(self, order: Order) -> bool:
        return order.status in ("DELIVERED", "COMPLETED") and order.id not in self._settled

    def _is_refund(self, shop: Shop, case: ReturnCase) -> bool:
        done = case.status == "RETURN_OR_REFUND_REQUEST_COMPLETE"
        return case.order.shop is shop and done and not case.settled and case.order.id in self._settled

    def _sale(self, order: Order) -> Transaction:
        self._settled.add(order.id)
        payment, currency = order.fields["payment"], order.fields["payment"]["currency"]
        revenue = Decimal(payment["sub_total"]) + Decimal(payment["platform_discount"])
        fees, taxes = _kept(revenue, currency)
        return Transaction(
            self._world.ids.new("transaction"),
            order,
            order.fields["create_time"],
            revenue=revenue,
            paid_shipping=Decimal(payment["shipping_fee"]) + Decimal(payment["shipping_fee_platform_discount"]),
            carrier=-quantize(CARRIER * max(1, len(packages.of(self._world, order))), currency),
            fees=fees,
            taxes=taxes,
        )

    def _refund(self, case: ReturnCase) -> Transaction:
        """The goods' price goes back, and so does the referral fee; the transaction fee stays."""
        case.settled = True
        order, currency = case.order, case.order.fields["payment"]["currency"]
        lines = [packages.find_line(order, line_id) for line_id in case.line_ids]
        paid = sum((Decimal(line["sale_price"]) + Decimal(line["platform_discount"]) for line in lines), ZERO)
        referral = quantize(paid * REFERRAL, currency)
        return Transaction(
            self._world.ids.new("transaction"),
            order,
            case.create_time,
            revenue=-paid,
            fees={"referral_fee_amount": referral},
            taxes={"vat_amount": quantize(referral * TAX, currency)},
        )


def _kept(revenue: Decimal, currency: str) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    fees = {
        "referral_fee_amount": -quantize(revenue * REFERRAL, currency),
        "transaction_fee_amount": -quantize(revenue * TRANSACTION, currency),
    }
    return fees, {"vat_amount": quantize(sum(fees.values(), ZERO) * TAX, currency)}

"""TikTok's payouts in Odoo's books (module ``account``): a draft vendor bill of the fees, or bank statement lines.

Both are made by external ID, so each once. Nothing is posted: that is the accountant's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from worker.errors import ConfigurationError
from worker.odoo.errors import OdooRejectedError
from worker.odoo.gateway import OdooGateway, relation_id, search_read
from worker.odoo.load import Row, create_if_absent, external_id


@dataclass(frozen=True)
class BookLine:
    """A line of a bill, or of a bank statement; ``amount`` in major units, as it is to stand there.

    :param identity: what it is for TikTok (a transaction's id); bank statement lines are made once by it.
    """

    text: str
    amount: Decimal
    identity: str = ""


@dataclass(frozen=True)
class Booked:
    """What Odoo has now: the record's name, and its amount read back."""

    name: str
    amount: Decimal


class Books:
    """The books of the company in which a shop sells."""

    def __init__(self, gateway: OdooGateway, shop_id: str, company_id: int | None) -> None:
        self._gateway = gateway
        self._shop_id = shop_id
        self._context: dict[str, Any] = {} if company_id is None else {"allowed_company_ids": [company_id]}

    def bill(
        self,
        statement_id: str,
        lines: Sequence[BookLine],
        *,
        partner_id: int,
        currency: str,
        day: date,
        journal_id: int | None = None,
        account_id: int | None = None,
    ) -> Booked:
        """A draft vendor bill of what TikTok keeps (a refund, where TikTok pays more than it keeps); made once.

        :param lines: costs are positive.
        :raises ConfigurationError: Odoo does not have the currency.
        :raises OdooRejectedError: Odoo refuses it, or the bot may not write bills (``odoo_rights``).
        """
        total = sum((line.amount for line in lines), Decimal(0))
        sign = -1 if total < 0 else 1
        cells = {
            "move_type": "in_refund" if total < 0 else "in_invoice",
            "partner_id/.id": str(partner_id),
            "invoice_date": day.isoformat(),
            "ref": f"TikTok Shop statement {statement_id}",
            "currency_id/.id": str(self._currency(currency)),
            "journal_id/.id": "" if journal_id is None else str(journal_id),
        }
        rows = [
            {
                "invoice_line_ids/name": line.text,
                "invoice_line_ids/quantity": "1",
                "invoice_line_ids/price_unit": str(sign * line.amount),
                "invoice_line_ids/account_id/.id": "" if account_id is None else str(account_id),
                "invoice_line_ids/tax_ids/.id": "",
            }
            for line in lines
        ]
        if journal_id is None:
            del cells["journal_id/.id"]
        if account_id is None:
            for row in rows:
                del row["invoice_line_ids/account_id/.id"]
        name = external_id("bill", self._shop_id, statement_id)
        loaded = create_if_absent(self._gateway, "account.move", [Row(name, cells, rows)], context=self._context)
        if name in loaded.refused:
            raise OdooRejectedError(f"Odoo did not make the bill: {loaded.refused[name]}")
        (record,) = self._gateway.call(
            *("account.move", "read"),
            ids=[loaded.ids[name]],
            fields=["name", "move_type", "amount_total", "display_name"],
            context=self._context,
        )
        amount = Decimal(repr(record["amount_total"]))
        amount = -amount if record["move_type"] == "in_refund" else amount
        return Booked(str(record["display_name"] or record["name"]), amount)

    def bank_lines(
        self, statement_id: str, lines: Sequence[BookLine], *, journal_id: int, currency: str, day: date
    ) -> Booked:
        """A bank statement line for each transaction, in a journal of the shop's currency; each made once.

        :raises ConfigurationError: the journal is in another currency.
        :raises OdooRejectedError: Odoo refuses one, or the bot may not write them (``odoo_rights``).
        """
        self._check_journal(journal_id, currency)
        rows = [
            Row(
                external_id("payout", self._shop_id, line.identity),
                {
                    "journal_id/.id": str(journal_id),
                    "date": day.isoformat(),
                    "payment_ref": line.text,
                    "amount": str(line.amount),
                    "ref": f"TikTok Shop statement {statement_id}",
                },
            )
            for line in lines
        ]
        model = "account.bank.statement.line"
        loaded = create_if_absent(self._gateway, model, rows, context=self._context)
        if loaded.refused:
            reason = next(iter(loaded.refused.values()))
            raise OdooRejectedError(f"Odoo did not take {len(loaded.refused)} bank statement lines: {reason}")
        ids = sorted(loaded.ids.values())
        records = self._gateway.call(model, "read", ids=ids, fields=["amount"], context=self._context)
        amount = sum((Decimal(repr(record["amount"])) for record in records), Decimal(0))
        return Booked(f"{len(ids)} bank statement lines", amount)

    def _currency(self, code: str) -> int:
        found = search_read(self._gateway, "res.currency", [("name", "=", code)], ["name"], limit=1)
        if not found:
            raise ConfigurationError(f"Odoo has no active currency {code}.", remedy=f"Activate {code} in Odoo.")
        return int(found[0]["id"])

    def _check_journal(self, journal_id: int, currency: str) -> None:
        fields = ["name", "type", "currency_id", "company_id"]
        domain = [("id", "=", journal_id)]
        found = search_read(self._gateway, "account.journal", domain, fields, context=self._context)
        if not found or found[0]["type"] not in ("bank", "cash"):
            raise ConfigurationError(
                "The journal for payouts is no bank journal, or is gone.",
                remedy="Choose one: `tiktok-odoo shops set SHOP --payout-journal NAME`.",
            )
        if self._currency_of(found[0]) != currency:
            raise ConfigurationError(
                f"The journal {found[0]['name']!r} is in {self._currency_of(found[0])}, the payout in {currency}.",
                remedy=f"Choose a bank journal in {currency}: `tiktok-odoo shops set SHOP --payout-journal NAME`.",
            )

    def _currency_of(self, journal: Mapping[str, Any]) -> str:
        """Its own, or else its company's."""
        if journal["currency_id"]:
            return str(journal["currency_id"][1])
        company = relation_id(journal["company_id"]) or 0
        (record,) = self._gateway.call("res.company", "read", ids=[company], fields=["currency_id"])
        return str(record["currency_id"][1])

"""The forms of calls in a browser: filled in by a person, at a desk and on a phone, in light and dark."""

from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated, Any, Literal

import aiohttp
import pytest
from playwright.async_api import Page as Screen
from playwright.async_api import expect
from pydantic import BaseModel, Field, SecretStr

from bot.demo.workspace import Workspace
from graphs.agent.tools import Tool, tool
from storage import Storage
from tests.agent.conversing import calls, says
from tests.bot.running import running
from tests.demo.workspace.browser import DESKTOP, PHONE, opened
from tests.demo.workspace.looks import looked_at
from tests.demo.workspace.support import Page
from tests.support.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Kind = Literal["Train", "Bus", "Plane"]
City = Literal[tuple(f"City {number}" for number in range(150))]  # type: ignore[valid-type]
Size = Literal[tuple(f"Size {number}" for number in range(30))]  # type: ignore[valid-type]


class Address(BaseModel):
    street: str
    number: int = 1


TRIP: dict[str, Any] = {
    "traveller": "Ana",
    "leave_on": "2026-12-24",
    "leave_at": "14:30",
    "meet": "2026-12-24T14:00:00",
    "kind": "Train",
    "size": "Size 3",
    "city": "City 77",
    "extras": ["seat"],
    "address": {"street": "Hafenweg", "number": 7},
    "insured": True,
    "budget": "75.50",
    "note": "line 1\nline 2",
    "token": "hunter2",
}


@pytest.fixture
def booked() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def book_trip(booked: list[dict[str, Any]]) -> Tool[..., Any]:
    async def cheap(args: Any) -> str | None:
        return "No train goes there for less than 50 euro." if args.budget and args.budget < 50 else None

    @tool(approval=True, check=cheap)
    def book_trip(
        traveller: str,
        leave_on: date,
        leave_at: time,
        meet: datetime,
        kind: Kind,
        size: Size,  # type: ignore[valid-type]
        city: City,  # type: ignore[valid-type]
        extras: list[Literal["breakfast", "seat", "wifi"]],
        address: Address,
        insured: bool,
        note: str,
        budget: Annotated[Decimal, Field(gt=0, decimal_places=2)] | None = None,
        token: SecretStr | None = None,
    ) -> str:
        """Book it."""
        booked.append(
            {"kind": kind, "city": city, "extras": extras, "budget": budget, "meet": meet, "address": address}
        )
        return "booked"

    return book_trip


@pytest.mark.parametrize(("size", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")])
async def test_a_person_fills_in_a_form_of_two_views(
    workspace: Workspace,
    storage: Storage,
    http: aiohttp.ClientSession,
    page: Page,
    chromium: str,
    book_trip: Tool[..., Any],
    booked: list[dict[str, Any]],
    size: Any,
    scheme: Any,
):
    lines = calls(("book_trip", TRIP)), says("It is booked.")
    async with running(workspace, storage, [book_trip], *lines, http=http) as bot:
        async with opened(chromium, workspace.url, viewport=size, color_scheme=scheme) as screen:
            await until(lambda: workspace.zone_of("U0ANA") == "Europe/Berlin", "the page's time zone is known")
            root = (await page.say("book it", "D0ANA"))["ts"]
            await bot.press(await bot.card(root, "edit"), "edit")
            form = screen.get_by_test_id("modal")
            await expect(form.get_by_label("Traveller")).to_be_focused()
            assert await looked_at(screen) == []
            await expect(form.get_by_label("Leave on")).to_have_value("2026-12-24")
            await expect(form.get_by_label("Meet")).to_have_value("2026-12-24T14:00")
            await form.get_by_label("Bus").check()
            await form.get_by_role("button", name="Continue").click()
            await expect(form.get_by_text("Part 2 of 2")).to_be_visible()
            await _fill_the_second(screen)
            assert booked == []
            await form.get_by_role("button", name="Run Edited Call").click()
            await expect(form).to_be_hidden()
        await bot.reads(root, "It is booked.")
    assert booked == [
        {
            "kind": "Bus",
            "city": "City 140",
            "extras": ["seat", "wifi"],
            "budget": Decimal("60.5"),
            "meet": datetime(2026, 12, 24, 14, 0),  # noqa: DTZ001 - none is asked for
            "address": Address(street="Hafenweg", number=8),
        }
    ]


async def _fill_the_second(screen: Screen) -> None:
    """Wrong at first: at two fields, then as a whole."""
    form = screen.get_by_test_id("modal")
    city = form.get_by_role("combobox", name="City")
    await expect(city).to_be_focused()
    await city.fill("city 14")
    await form.get_by_role("option", name="City 140").click()
    await form.get_by_label("wifi").check()
    address = form.get_by_label("Address")
    await address.fill('{"street": "Hafenweg", "number": "x"}')
    await form.get_by_label("Budget").fill("0.123")
    await form.get_by_role("button", name="Run Edited Call").click()
    await expect(form.get_by_text("Number: Write a whole number, without decimals.")).to_be_visible()
    await expect(form.get_by_text("At most 2 decimals.")).to_be_visible()
    assert await looked_at(screen) == []
    await address.fill('{"street": "Hafenweg", "number": 8}')
    await form.get_by_label("Budget").fill("20")
    await form.get_by_role("button", name="Run Edited Call").click()
    await expect(form.get_by_text("No train goes there for less than 50 euro.")).to_be_visible()
    assert await looked_at(screen) == []
    await expect(form.get_by_label("Budget")).to_have_value("20")
    await expect(city).to_have_value("City 140")
    await expect(form.get_by_text("Token stays as it is")).to_be_visible()
    await form.get_by_label("Budget").fill("60.5")

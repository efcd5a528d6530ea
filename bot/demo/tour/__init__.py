"""`signoff demo --tour`: a whole conversation without a browser, played through the page's HTTP calls and checked.

`page` is what a browser would be, `reading` turns what Slack shows into words, `drawing` puts them on a terminal, and
`story` is what happens. Nothing here knows the bot: what it did is read from the page and its side panel.
"""

from bot.demo.tour.page import TourFailed
from bot.demo.tour.story import Tour

__all__ = ["Tour", "TourFailed"]

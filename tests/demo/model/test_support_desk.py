"""Everyday sentences at the support desk, as tables: what is called, and what the answer has to say."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.demo.model.support_desk.shop import ORDERS
from graphs.sample.support_desk import agent
from tests.demo.model.talking import BOOKS, Called, Talk, cancel, refund, served, shop


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served() as url:
        yield url


LATE = "it came late"
REQUESTS: list[tuple[str, list[Called]]] = [
    ("refund order 1042, 80 euro, it came late", [refund(1042, 80, "it came late")]),
    ("plese refnd ordr 1042, twenty euros, parcel was damaged", [refund(1042, 20, "parcel was damaged")]),
    ("refund thirty-five euro for order 1044", [refund(1044, 35)]),
    ("refund the customer from order 1042 everything that is left", [refund(1042, 129.9)]),
    ("Bitte erstatte Bestellung 1042 60 Euro", [refund(1042, 60)]),
    ("bitte erstatte 1044 fünfunddreißig Euro", [refund(1044, 35)]),
    ("please reimburse 80€ on #1042 because it arrived broken", [refund(1042, 80, "it arrived broken")]),
    ("can you refund order 1042 80 euro?", [refund(1042, 80)]),
    ("refund 1042 20", [refund(1042, 20)]),
    ("Hello! I'd like a refund of 1.200,50 EUR for order 1042", [refund(1042, 1200.5)]),
    ("<@U0SIGNOFF> refund order 1042, 30 euro", [refund(1042, 30)]),
    ("refund order 1042 80 euro it came 2 days late", [refund(1042, 80, "it came 2 days late")]),
    ("Refund 1043 for 49 euros, please - wrong size", [refund(1043, 49, "wrong size")]),
    ("refund half of order 1044", [refund(1044, 37.25)]),
    ("give tom 10 euros back", [refund(1044, 10)]),
    ("pay back one hundred and twenty euros for order 1043, wrong colour", [refund(1043, 120, "wrong colour")]),
    ("refund 1 euro each for orders 1042 and 1044", [refund(1042, 1), refund(1044, 1)]),
    ("refund order 1042 80 euro and refund order 1043 20 euro", [refund(1042, 80), refund(1043, 20)]),
    ("cancel order 1043, the customer changed her mind", [cancel(1043, "the customer changed her mind")]),
    ("cancel order 1043 and cancel order 1045", [cancel(1043), cancel(1045)]),
    ("storniere Bestellung 1045", [cancel(1045)]),
    (
        'email jonas@example.com "Your refund" "It is on its way."',
        [("send_email", {"to": "jonas@example.com", "subject": "Your refund", "body": "It is on its way."})],
    ),
    ('refund_order order_id=1042 amount=80 reason="it came late"', [refund(1042, 80, "it came late")]),
    ("refund 80 euro to jonas because it came late", [refund(1042, 80, "it came late")]),
    ("refund order #1042 twenty-five euros and fifty cents", [refund(1042, 25.5)]),
    ("refund order 1042, 80 euro, the customer called us", [refund(1042, 80, "the customer called us")]),
    ("cancel order 1043, She Called us twice", [cancel(1043, "She Called us twice")]),
    (
        "refund ordr 1042 80 euro because twenty-five Teile arived borken",
        [refund(1042, 80, "twenty-five Teile arived borken")],
    ),
    ("refund order 1042, 80 euro, İpek'in paketi kırık", [refund(1042, 80, "İpek'in paketi kırık")]),
    ('refund order 1042, 80 euro, reason "He cancled; 2 euro more"', [refund(1042, 80, "He cancled; 2 euro more")]),
    ("order 1042 arrived broken, refund 30 euro please", [refund(1042, 30, "arrived broken")]),
    ("please cancle ordr 1043, ordered twice", [cancel(1043, "ordered twice")]),
    ("refund order 1042 -5 euro", []),
    ("i want my money back for order 1042", []),
    ("refund_order order_id=1042 amount=lots", []),
    ("refund order 9999, 20 euro", []),
    ("refund bob 20 euro", []),
    ("refund order 1042, 20 dollars", []),
    ("refund order 1042, 1 euro and order 1044, 2 euro", []),
    ("refund order 1042 20 euro, no wait 30 euro", []),
    ("refund it all to the buyer of 1043", [refund(1043, 249)]),
    ("don't refund order 1042", []),
    ("don't refund 1042 but cancel 1043", [cancel(1043)]),
    # "refund order 1042, 80 euro, it came late"
    ("please refund 80 euros for order 1042 because it came late", [refund(1042, 80, LATE)]),
    ("Refund 80 EUR on order #1042 - it came late", [refund(1042, 80, LATE)]),
    ("Order 1042: refund €80, it came late.", [refund(1042, 80, LATE)]),
    ("could you please pay back eighty euro for order number 1042? It came late.", [refund(1042, 80, "It came late")]),
    ("hi, i want to refund 1042, 80 euro, thanks!", [refund(1042, 80)]),
    ("the customer of order 1042 should get 80 euro back", [refund(1042, 80)]),
    ("order 1042 gets 80 euro back because it came late", [refund(1042, 80, LATE)]),
    ("refund Jonas Weber 80.00 euro: it came late", [refund(1042, 80, LATE)]),
    ("issue a refund of 80 euro for order 1042", [refund(1042, 80)]),
    ("80 euro back on 1042 please", [refund(1042, 80)]),
    # "plese refnd ordr 1042, twenty euros, parcel was damaged"
    ("pls refudn odrer 1042, 20 eruo, parcel was damaged", [refund(1042, 20, "parcel was damaged")]),
    ("plaese reefund order 1042 twenty euors", [refund(1042, 20)]),
    ("can yuo refund oder 1044 for thirty euros", [refund(1044, 30)]),
    ("cancle oder 1043", [cancel(1043)]),
    ("cancell order 1045 pelase, ordered twice", [cancel(1045, "ordered twice")]),
    # "refund thirty-five euro for order 1044"
    ("refund thirty five euros and fifty cents for order 1044", [refund(1044, 35.5)]),
    ("refund a hundred euro on order 1042", [refund(1042, 100)]),
    ("refund one hundred twenty euro for order 1043", [refund(1043, 120)]),
    ("Refund Ten Euro For Order 1044", [refund(1044, 10)]),
    ("refund 35,50 € for order 1044", [refund(1044, 35.5)]),
    ("refund fifteen euro for order 1044, scratched", [refund(1044, 15, "scratched")]),
    # "refund the customer from order 1042 everything that is left"
    ("refund everything on order 1042", [refund(1042, 129.9)]),
    ("refund order 1042 in full", [refund(1042, 129.9)]),
    ("give the customer of 1042 a full refund", [refund(1042, 129.9)]),
    ("fully refund order 1042", [refund(1042, 129.9)]),
    ("refund the remaining amount for order 1042, it came late", [refund(1042, 129.9, LATE)]),
    ("refund all that's left on 1042", [refund(1042, 129.9)]),
    ("refund the whole order 1042", [refund(1042, 129.9)]),
    ("erstatte den Rest von Bestellung 1042", [refund(1042, 129.9)]),
    ("give jonas all his money back", [refund(1042, 129.9)]),
    ("refund 50% of order 1044", [refund(1044, 37.25)]),
    # "Bitte erstatte Bestellung 1042 60 Euro"
    ("erstatte bitte 60 Euro für Bestellung 1042", [refund(1042, 60)]),
    ("Kannst du mir bitte Bestellung 1042 60 Euro erstatten?", [refund(1042, 60)]),
    ("Bitte zahle 60 Euro für Bestellung 1042 zurück", [refund(1042, 60)]),
    ("Erstatte Bestellung 1042 sechzig Euro, kam zu spät", [refund(1042, 60, "kam zu spät")]),
    ("Bitte storniere Bestellung 1043, doppelt bestellt", [cancel(1043, "doppelt bestellt")]),
    ("gib tom 20 Euro zurück", [refund(1044, 20)]),
    # several at once, and what is not wanted
    ("refund 1044 20 euro, then cancel order 1045", [refund(1044, 20), cancel(1045)]),
    ("cancel orders 1043 and 1045", [cancel(1043), cancel(1045)]),
    ("do not cancel order 1043, refund 20 euro instead", [refund(1043, 20)]),
    ("please cancel mei's order", [cancel(1045)]),
    ("hello, order 1043 should be cancelled, customer changed his mind", [cancel(1043, "customer changed his mind")]),
    ("refund order 1042, not 80 but 60 euro", [refund(1042, 60)]),
    ("please give the customer who bought the compass 15 euro back", [refund(1044, 15)]),
    ("refund Tom's order 10 euro", [refund(1044, 10)]),
    ("refund 80 for 1042 and 20 for 1044", []),
    ("refund order 1042 80 euro because she didn't like it", [refund(1042, 80, "she didn't like it")]),
    ("I haven't received order 1042, please refund 80 euro", [refund(1042, 80, "I haven't received")]),
    ("the parcel of order 1042 has not arrived. please refund everything", [refund(1042, 129.9)]),
    ("refund order 1042 80 euro, lantern does not light up", [refund(1042, 80, "lantern does not light up")]),
    ("don't forget to refund order 1042, 80 euro", [refund(1042, 80)]),
    ("refund one hundred and twenty-nine euro ninety for order 1042", [refund(1042, 129.9)]),
    ("erstatte Bestellung 1044 zwanzig Euro und fünfzig Cent", [refund(1044, 20.5)]),
    ("refund whatever is left on order 1042", [refund(1042, 129.9)]),
    ("pay back the total of order 1042", [refund(1042, 129.9)]),
    ("refund the entire order 1042", [refund(1042, 129.9)]),
    ("refund order nr 1042 20 €", [refund(1042, 20)]),
]


@pytest.mark.parametrize(("text", "acts"), REQUESTS, ids=[text for text, _ in REQUESTS])
def test_a_request_becomes_these_calls(url: str, text: str, acts: list[Called]) -> None:
    talk = Talk(url)
    talk.say(text)
    assert talk.acts == acts


QUESTIONS = [
    ("don't refund order 1042, just tell me what she paid", ["Nothing was done", "129.90 euro"]),
    ("dont refund 1042, only tell me how much he paid", ["Nothing was done", "129.90"]),
    ("i want my money back for order 1042", ["How much"]),
    ("refund order 1042 -5 euro", ["more than nothing"]),
    ("do not refund order 1042, who bought it?", ["Nothing was done", "Jonas Weber"]),
    ("is this chatgpt?", ["script, not an AI"]),
    ("which orders have not been shipped yet?", ["2 of 5", "1043", "Mei Tanaka"]),
    ("show me all orders", ["1041", "1042", "1043", "1044", "1045"]),
    ("can you show me every order", ["1041", "1045"]),
    ("without refunding anything, tell me about order 1042", ["Jonas Weber"]),
    ("zeig mir alle Bestellungen", ["1041", "1045"]),
    ("who bought order 1045?", ["Mei Tanaka"]),
    ("what did Tom buy?", ["brass compass"]),
    ("what did jonas pay?", ["129.90"]),
    ("has order 1044 been shipped?", ["on its way"]),
    ("how much is left on 1042?", ["129.90"]),
    ("refund order 1042", ["How much"]),
    ("refund 20 euro", ["Which order"]),
    ("refund order 9999, 20 euro", ["There is no order 9999"]),
    ("refund order 1042, 20 dollars", ["in euro?"]),
    ("who are you, are you a real AI?", ["script, not an AI", agent.examples[0]]),
    ("thanks", ["welcome"]),
    ("hello", ["Hello", "Here is what I can do"]),
    ("the weather is nice", ["script, not an AI", agent.examples[0]]),
    ("cancel that", ["Nothing was done here", "in another thread, it still does: reply there"]),
    # "don't refund order 1042, just tell me what she paid"
    ("do not refund anything, only tell me what he paid for order 1042", ["129.90"]),
    ("please don’t refund 1042, i just want to know what she paid", ["129.90"]),
    ("no refund please, just tell me who bought order 1042", ["Jonas Weber"]),
    ("don't cancel order 1043, just tell me its status", ["not been shipped"]),
    ("tell me what she paid for order 1042 but don't refund it", ["129.90"]),
    ("don't refund 1042 — what did she pay?", ["129.90"]),
    ("I don't want to refund order 1042. How much did she pay?", ["129.90"]),
    ("never refund order 1042", ["Nothing was done"]),
    ("what did 1042 cost? no refund yet", ["129.90"]),
    ("Bitte Bestellung 1042 nicht erstatten", ["Nothing was done"]),
    ("you should not refund order 1042, 80 euro", ["Nothing was done"]),
    ("nicht erstatten, sag mir nur was sie bezahlt hat für 1042", ["129.90"]),
    # "which orders have not been shipped yet?"
    ("which orders haven't been shipped?", ["2 of 5", "1043", "1045"]),
    ("what orders are still unshipped", ["2 of 5", "1043", "1045"]),
    ("are there any orders that are not shipped yet?", ["2 of 5", "1043", "1045"]),
    ("list the orders that have not shipped", ["2 of 5", "1043", "1045"]),
    ("which orders still have to be shipped?", ["2 of 5"]),
    ("is there an order that has not been shipped?", ["2 of 5"]),
    ("anything unshipped?", ["2 of 5"]),
    ("what hasn't been shipped yet?", ["2 of 5", "1043", "1045"]),
    ("wich ordrs are not shiped yet", ["2 of 5", "1043", "1045"]),
    ("which orders were delivered?", ["2 of 5", "1041", "1042"]),
    ("which orders are cancelled?", ["None of the 5 orders is cancelled"]),
    ("which orders are still open?", ["2 of 5", "1043", "1045"]),
    ("welche Bestellungen sind noch nicht versandt?", ["2 of 5", "1043", "1045"]),
    # "show me all orders"
    ("list all orders", ["1041", "1045"]),
    ("orders", ["1041", "1045"]),
    ("what orders do we have?", ["1041", "1045"]),
    ("give me a list of all the orders please", ["1041", "1045"]),
    ("how many orders are there?", ["There are 5 orders"]),
    # "and who bought it?"
    ("What did Jonas pay and what did he buy?", ["129.90", "bought a storm lantern"]),
    ("who is the customer of order 1044?", ["Tom Baker"]),
    ("whose order is 1044?", ["Tom Baker"]),
    ("tell me about order 1044", ["Tom Baker", "74.50"]),
    ("1044", ["Tom Baker"]),
    ("has 1044 arrived yet?", ["on its way"]),
    ("wer hat Bestellung 1044 gekauft?", ["Tom Baker"]),
    ("what is tom's email address?", ["tom@example.com"]),
    ("was order 1044 refunded?", ["0.00 of the 74.50 euro"]),
    # "who are you, are you a real AI?"
    ("what are you?", ["script, not an AI"]),
    ("am i talking to a human?", ["script, not an AI"]),
    ("is this a bot?", ["script, not an AI"]),
    ("are you gpt-4", ["script, not an AI"]),
    ("wer bist du? bist du eine echte KI?", ["script, not an AI"]),
    ("which model are you?", ["script, not an AI"]),
    ("what can you do?", ["for example"]),
    ("who am I talking to?", ["script, not an AI"]),
    ("what model is this", ["script, not an AI"]),
    ("who made you?", ["script, not an AI"]),
    # "thanks"
    ("vielen Dank", ["welcome"]),
    ("no thanks", ["welcome"]),
    ("thank you very much!", ["welcome"]),
    ("great, thanks a lot, that's all", ["welcome"]),
    ("thx", ["welcome"]),
    ("danke schön!", ["welcome"]),
    ("perfect, thank you for your help", ["welcome"]),
    # "cancel that", with nothing to cancel
    ("never mind", ["Nothing was done here", "in another thread, it still does: reply there"]),
    ("stop", ["Nothing was done"]),
    ("forget about it", ["Nothing was done"]),
    ("don't do anything", ["Nothing was done"]),
    # anything else
    ("tell me a joke", ["script, not an AI"]),
    ("sing me a song", ["script, not an AI", "refund order 1042"]),
    ("asdf qwer", ["script, not an AI"]),
    ("what's the weather like in Berlin?", ["script, not an AI"]),
]


@pytest.mark.parametrize(("text", "told"), QUESTIONS, ids=[text for text, _ in QUESTIONS])
def test_a_question_is_answered_and_nothing_is_done(url: str, text: str, told: list[str]) -> None:
    talk = Talk(url)
    said = talk.say(text)
    assert [part for part in told if part not in said] == []
    assert talk.acts == []


def test_a_conversation_knows_what_it_is_about(url: str) -> None:
    talk = Talk(url)
    assert "Tom Baker" in talk.say("find order 1044")
    assert "Refunded 20.00 euro" in talk.say("ok give him 20 back")
    assert "Tom Baker" in talk.say("and who bought it?")
    assert "tom@example.com" in talk.say("and the email?")
    assert "another 10.00 makes it 30.00" in talk.say("actually make it 30 instead")
    assert "Too late" in talk.say("cancel that")
    assert talk.acts == [refund(1044, 20), refund(1044, 10)]


def test_what_was_acted_on_is_looked_up_again(url: str) -> None:
    talk = Talk(url)
    talk.say("refund order 1044, 20 euro")
    talk.say("how much is left?")
    assert [name for name, _ in talk.calls] == ["find_order", "refund_order", "find_order"]


def test_what_was_looked_at_is_cancelled(url: str) -> None:
    talk = Talk(url)
    talk.say("find order 1045")
    talk.say("cancel that")
    assert talk.acts == [cancel(1045)]


def test_what_is_missing_is_asked_for_and_the_answer_goes_on(url: str) -> None:
    talk = Talk(url)
    talk.say("refund order 1042, it came late")
    talk.say("80 euro")
    assert talk.acts == [refund(1042, 80, "it came late")]
    assert "What should I write to Tom Baker" in talk.say("email tom")
    talk.say("his compass is on the way")
    assert "\n\nYour compass is on the way.\n\n" in talk.acts[-1][1]["body"]


AFTER: list[tuple[str, str, list[Called], str]] = [
    # "ok give him 20 back"
    ("find order 1044", "give him 20 euro", [refund(1044, 20)], "Refunded 20.00"),
    ("find order 1044", "refund 20", [refund(1044, 20)], "Refunded 20.00"),
    ("who bought order 1045?", "ok refund her twenty euro, wrong size", [refund(1045, 20, "wrong size")], ""),
    ("what did tom pay?", "pay him twenty back", [refund(1044, 20)], ""),
    ("where is order 1044?", "then give him all of it back", [refund(1044, 74.5)], ""),
    ("where is order 1044?", "ok, send him half back", [refund(1044, 37.25)], ""),
    ("find order 1044", "20 euro back please", [refund(1044, 20)], ""),
    ("find order 1044", "gib ihm 20 Euro zurück", [refund(1044, 20)], ""),
    # "and who bought it?"
    ("find order 1044", "who was the customer?", [], "Tom Baker"),
    ("find order 1044", "what did he pay?", [], "74.50"),
    ("find order 1044", "has it been shipped?", [], "on its way"),
    ("find order 1044", "what's his email?", [], "tom@example.com"),
    ("find order 1044", "and what did he buy?", [], "compass"),
    ("find order 1044", "and the status?", [], "on its way"),
    ("find order 1044", "and order 1045?", [], "Mei Tanaka"),
    ("find order 1044", "how much is left?", [], "74.50"),
    # "actually make it 30 instead"
    ("refund order 1044, 20 euro", "no, 30", [refund(1044, 20), refund(1044, 10)], "30.00"),
    ("refund order 1044, 20 euro", "make that thirty euro", [refund(1044, 20), refund(1044, 10)], "30.00"),
    ("refund order 1044, 20 euro", "sorry, i meant 30 euro", [refund(1044, 20), refund(1044, 10)], "30.00"),
    ("refund order 1044, 20 euro", "oops, make it 30 instead of 20", [refund(1044, 20), refund(1044, 10)], "30.00"),
    ("refund order 1044, 20 euro", "can you change it to 30?", [refund(1044, 20), refund(1044, 10)], "30.00"),
    ("refund order 1044, 20 euro", "it should have been 30 euro", [refund(1044, 20), refund(1044, 10)], "30.00"),
    ("refund order 1044, 20 euro", "mach 30 daraus", [refund(1044, 20), refund(1044, 10)], "30.00"),
    ("refund order 1044, 20 euro", "not 20, 30", [refund(1044, 20), refund(1044, 10)], "30.00"),
    ("refund order 1044, 20 euro", "change the amount to 30", [refund(1044, 20), refund(1044, 10)], "30.00"),
    ("refund order 1044, 20 euro", "30 instead", [refund(1044, 20), refund(1044, 10)], "30.00"),
    ("refund order 1044, 20 euro", "make it 10 instead", [refund(1044, 20)], "cannot become 10.00"),
    ("refund order 1044, 20 euro", "another 10 please", [refund(1044, 20), refund(1044, 10)], "Refunded 10.00"),
    # "cancel that"
    ("refund order 1044, 20 euro", "actually 30", [refund(1044, 20), refund(1044, 10)], "30.00"),
    ("refund order 1044, 20 euro", "nein, 30 Euro", [refund(1044, 20), refund(1044, 10)], "30.00"),
    ("refund order 1044, 20 euro", "I want it to be 30", [refund(1044, 20), refund(1044, 10)], "30.00"),
    ("refund order 1044, 20 euro", "storniere das", [refund(1044, 20)], "Too late"),
    ("refund order 1044, 20 euro", "vergiss es", [refund(1044, 20)], "Too late"),
    ("find order 1044", "let's give him 20 euro back", [refund(1044, 20)], ""),
    ("find order 1044", "how can I reach him?", [], "tom@example.com"),
    ("refund order 1044, 20 euro", "10 more", [refund(1044, 20), refund(1044, 10)], "Refunded 10.00"),
    ("refund order 1044, 20 euro", "undo that", [refund(1044, 20)], "Too late"),
    ("refund order 1044, 20 euro", "no wait, please cancel that!", [refund(1044, 20)], "Too late"),
    ("refund order 1044, 20 euro", "scratch that", [refund(1044, 20)], "Too late"),
    ("refund order 1044, 20 euro", "cancel the refund", [refund(1044, 20)], "Too late"),
    ("refund order 1044, 20 euro", "take it back", [refund(1044, 20)], "Too late"),
    ("refund order 1044", "never mind", [], "Nothing was done"),
    ("find order 1045", "cancel it", [cancel(1045)], ""),
    ("find order 1045", "ok cancel the order", [cancel(1045)], ""),
    ("refund order 1044", "20 euro, it came late", [refund(1044, 20, LATE)], ""),
    ("refund order 1044", "everything", [refund(1044, 74.5)], ""),
    ("refund 20 euro", "order 1044", [refund(1044, 20)], ""),
    ("refund 20 euro", "1044", [refund(1044, 20)], ""),
]


@pytest.mark.parametrize(("first", "text", "acts", "told"), AFTER, ids=[f"{each[0]} / {each[1]}" for each in AFTER])
def test_a_sentence_goes_on_from_the_one_before(url: str, first: str, text: str, acts: list[Called], told: str) -> None:
    talk = Talk(url)
    talk.say(first)
    assert told in talk.say(text)
    assert talk.acts == acts


EMAILS = [
    # "send jonas an email that his refund is on the way"
    ("email jonas that his refund is on the way", "jonas@example.com", "Your refund is on the way."),
    ("let Jonas know his refund is on the way", "jonas@example.com", "Your refund is on the way."),
    ("email jonas his refund is on the way", "jonas@example.com", "Your refund is on the way."),
    ("please send an e-mail to Jonas, his refund is on the way", "jonas@example.com", "Your refund is on the way."),
    ("can you write jonas that his refund is on the way?", "jonas@example.com", "Your refund is on the way."),
    ("write to jonas: your refund is on the way", "jonas@example.com", "Your refund is on the way."),
    ("send an email to jonas saying that his refund is on the way", "jonas@example.com", "Your refund is on the way."),
    ("drop tom a mail that his compass ships tomorrow", "tom@example.com", "Your compass ships tomorrow."),
    ("email the customer of order 1045 that her shoes are on the way", "mei@example.com", "Your shoes are on the way."),
    ("tell the customer of order 1044 that he gets a refund", "tom@example.com", "You get a refund."),
    ("inform jonas that we are sorry", "jonas@example.com", "We are sorry."),
    ("plese sned jonas an emial that his refund is on the way", "jonas@example.com", "Your refund is on the way."),
    ("schreib jonas, dass die Erstattung unterwegs ist", "jonas@example.com", "Die Erstattung unterwegs ist."),
    ("notify jonas@example.com that the refund is on the way", "jonas@example.com", "The refund is on the way."),
    ("send jonas an email that his refund is on the way", "jonas@example.com", "Your refund is on the way."),
    ("please tell mei her shoes are on the way", "mei@example.com", "Your shoes are on the way."),
    ("let jonas know that he gets his money tomorrow", "jonas@example.com", "You get your money tomorrow."),
]


@pytest.mark.parametrize("who", ["Ana Ruiz (U0ANA): ", "Lea (Support) Brandt (W0LEA): ", "U0GONE: "])
def test_who_wrote_it_is_nothing_of_what_was_asked(url: str, who: str) -> None:
    talk = Talk(url)
    talk.say(f"{who}refund order 1044, 20 euro")
    talk.say(f"{who}no, 30")
    assert talk.acts == [refund(1044, 20), refund(1044, 10)]


@pytest.mark.parametrize(("text", "to", "body"), EMAILS, ids=[text for text, _, _ in EMAILS])
def test_an_email_is_put_to_the_customer(url: str, text: str, to: str, body: str) -> None:
    talk = Talk(url)
    talk.say(text)
    ((name, arguments),) = talk.acts
    assert (name, arguments["to"]) == ("send_email", to)
    assert body in arguments["body"].split("\n")


EDITED = (
    'Edited by the person who asked before it ran. Proposed: {"order_id": 1042, "amount": 80}. '
    'Ran instead: {"order_id": 1042, "amount": 60}. Result: Refunded 60.00 euro of order 1042 to Jonas Weber.'
)
UNDONE = (
    'Edited by the person who asked. Proposed: {"order_id": 1042, "amount": 80}. '
    'Edited to: {"order_id": 1042, "amount": 60}. Then: '
)
OUTCOMES = [
    (EDITED, ["Refunded 60.00 euro", "60 instead of 80"], ["Ran instead"]),
    (UNDONE + "Rejected by an approver: no. The call did not run.", ["An approver rejected", "60 instead"], ["Then"]),
    (UNDONE + "Expired: nobody decided in time. The call did not run.", ["in time", "60 instead of 80"], ["reject"]),
    ("Rejected by an approver: too much. The call did not run.", ["An approver rejected", "too much"], ["call did"]),
    ("Rejected by the person who asked, without a reason. The call did not run.", ["You rejected", "not happen"], []),
    ("Answered by an approver in the tool's place; the call did not run. Their answer: ask Lea", ["ask Lea"], ["tool"]),
    ("Expired: nobody decided in time. The call did not run. This is not a rejection.", ["in time"], ["reject"]),
    ("Unreachable: Lea is away. Nobody was asked, and the call did not run.", ["Lea is away"], ["call"]),
    ("Cancelled: this was withdrawn before it ran. The call did not run.", ["taken back"], ["call"]),
    ("Failed: order 1042 has 0.00 euro left", ["did not work", "0.00 euro left"], ["Failed"]),
    ("Timed out: the tool did not finish within 60 seconds. It may.", ["cannot say"], ["Refunded"]),
    ("In doubt: the call was begun, and nobody knows.", ["cannot say"], ["Refunded"]),
    ("Done: an approver checked that the call did run. Its result was lost.", ["did happen"], ["lost"]),
    ("Stale: the tool or its rules changed after the approval. The call did not run.", ["did not happen"], ["call"]),
]


@pytest.mark.parametrize(("result", "told", "never"), OUTCOMES, ids=[result for result, _, _ in OUTCOMES])
def test_each_outcome_reads_as_itself(url: str, result: str, told: list[str], never: list[str]) -> None:
    talk = Talk(url, answer=lambda name, given: result if name == "refund_order" else shop(name, given))
    said = talk.say("refund order 1042, 80 euro").splitlines()[-1]
    assert [part for part in told if part not in said] == []
    assert [part for part in never if part in said] == []
    assert len(talk.acts) == 1


def test_what_was_rejected_can_be_asked_for_with_another_amount(url: str) -> None:
    rejection = "Rejected by the person who asked: too much. The call did not run."
    talk = Talk(url, answer=lambda name, given: rejection if given.get("amount") == 80 else shop(name, given))
    talk.say("refund order 1042, 80 euro, it came late")
    assert "Nothing is open any more" in talk.say("cancel that")
    talk.say("actually make it 30 instead")
    assert talk.acts == [refund(1042, 80, "it came late"), refund(1042, 30, "it came late")]


def test_the_orders_are_the_sample_shops() -> None:
    assert list(ORDERS) == list(BOOKS)


WORDS = [text for text, _ in (*REQUESTS, *QUESTIONS)]
pieces = st.sampled_from([word for text in WORDS for word in text.split()] + [*"0,.%€#'\"\n", "-1", "1e9", "10" * 40])
texts = st.lists(pieces | st.text(max_size=5), max_size=12).map(" ".join) | st.text()


@given(st.lists(texts, min_size=1, max_size=3), st.sampled_from([None, "", "null", "[1]", EDITED, "Failed: no"]))
def test_no_text_gives_an_error_or_a_call_that_does_not_fit(url: str, said: list[str], result: Any) -> None:
    talk = Talk(url, answer=shop if result is None else lambda _name, _given: result)
    for text in said:
        talk.say(text)

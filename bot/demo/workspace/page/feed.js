/** A scrolling list of messages: grouped by author, divided by day, followed while the reader is at its end. */
import { h } from "./dom.js";
import { focusComposer } from "./focus.js";
import { Follower, KeyedList } from "./list.js";
import { messageItem } from "./message.js";
import { dayKey, dayLabel } from "./time.js";

const GROUP_SECONDS = 300; // a message of the same author within this long stands under the same name

export class Feed {
  constructor(page, label) {
    this.page = page;
    this.list = h("div", {
      class: "feed-list",
      role: "log",
      "aria-live": "polite",
      "aria-relevant": "additions",
      "aria-label": label,
    });
    this.intro = h("div", { class: "intro" });
    this.after = h("div", { class: "feed-after" });
    this.scroller = h(
      "div",
      { class: "feed", tabindex: "0", role: "region", "aria-label": label },
      h("div", { class: "feed-fill" }),
      this.intro,
      this.list,
      this.after,
    );
    this.newer = h(
      "button",
      { type: "button", class: "newer", hidden: true, onclick: () => this.toEnd() },
      "↓ New messages",
    );
    this.node = h("div", { class: "feed-frame" }, this.scroller, this.newer);
    this.keyed = new KeyedList(this.list);
    this.follower = new Follower(this.scroller, (atEnd) => atEnd && (this.newer.hidden = true));
    this.place = "";
    this.last = "";
  }

  toEnd() {
    this.follower.toEnd();
    this.newer.hidden = true;
    focusComposer();
  }

  /**
   * @param {string} place what is shown; another place starts at its end
   * @param {boolean} inThread
   * @returns {boolean} whether it shows a message that a link led to, which has the focus then
   */
  update(place, messages, inThread) {
    const moved = place !== this.place;
    this.place = place;
    this.keyed.update(this.items(messages, inThread));
    const last = messages.at(-1)?.ts ?? "";
    const news = !moved && Number(last) > Number(this.last || 0) && !this.follower.atEnd;
    this.last = last;
    if (this.reach()) return true;
    if (moved) this.follower.toEnd();
    else this.follower.settle();
    if (moved) this.newer.hidden = true;
    else if (news) this.newer.hidden = false;
    return false;
  }

  /** Shows the message that a link leads to, once it is here. @returns {boolean} whether it was */
  reach() {
    const { store } = this.page;
    const { channel, ts } = store.target ?? {};
    const node = ts ? this.list.querySelector(`[data-item="${CSS.escape(`${channel} ${ts}`)}"]`) : null;
    if (!node?.checkVisibility()) return false;
    store.target = null;
    node.scrollIntoView({ block: "center" });
    this.follower.look();
    node.classList.add("reached");
    node.addEventListener("animationend", () => node.classList.remove("reached"), { once: true });
    node.focus({ preventScroll: true });
    return true;
  }

  items(messages, inThread) {
    return messages.flatMap((message, index) => {
      const before = messages[index - 1];
      const newDay = !before || dayKey(before.ts) !== dayKey(message.ts);
      const item = messageItem(message, this.page, {
        compact: !newDay && !this.stands(before, inThread) && follows(message, before),
        inThread,
      });
      const divided = newDay && !(inThread && index === 0);
      const keyed = { ...item, key: `${message.channel} ${message.ts}` };
      return divided ? [dayItem(message), keyed] : [keyed];
    });
  }

  /** Whether a message ends its group: the root at the top of a thread, and one with a thread's summary beneath it. */
  stands(message, inThread) {
    return inThread ? !message.thread_ts : this.page.store.replies(message.channel, message.ts).length > 0;
  }
}

function follows(message, before) {
  const same = message.user === before.user && !message.ephemeral_to && !before.ephemeral_to;
  return same && Number(message.ts) - Number(before.ts) < GROUP_SECONDS;
}

function dayItem(message) {
  const label = dayLabel(message.ts);
  const draw = () => h("div", { class: "day", role: "separator", "aria-label": label }, h("span", {}, label));
  return { key: `day ${dayKey(message.ts)}`, signature: label, draw };
}

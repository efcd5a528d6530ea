/** Where a person writes. Enter sends, Shift+Enter is a new line; what was typed is kept per person and conversation. */
import { Completions, commands, people } from "./completions.js";
import { h, icon } from "./dom.js";

const DRAFTS = "signoff.drafts";
const MAX_HEIGHT = 220;

function loadDrafts() {
  try {
    return JSON.parse(sessionStorage.getItem(DRAFTS)) ?? {};
  } catch {
    return {};
  }
}

const drafts = loadDrafts();

function keepDraft(key, text) {
  if (text) drafts[key] = text;
  else delete drafts[key];
  sessionStorage.setItem(DRAFTS, JSON.stringify(drafts));
}

export class Composer {
  /** @param {{store, actions}} page @param {() => void} onSent */
  constructor({ store, actions }, onSent) {
    Object.assign(this, { store, actions, onSent, key: "", thread: null, sending: false });
    this.area = h("textarea", { rows: 1, class: "composer-text", autocomplete: "off", enterkeyhint: "send" });
    this.helper = new Completions(this.area, () => this.changed());
    this.mention = h("button", { type: "button", class: "composer-mention", onclick: () => this.addMention() });
    this.sendButton = h(
      "button",
      { type: "submit", class: "composer-send", "aria-label": "Send", title: "Send" },
      icon("send"),
    );
    this.node = h(
      "form",
      { class: "composer", "data-testid": "composer", onsubmit: (event) => this.submit(event) },
      this.helper.node,
      this.area,
      h(
        "div",
        { class: "composer-bar" },
        this.mention,
        h("span", { class: "composer-tip" }, "Shift+Enter for a new line"),
        this.sendButton,
      ),
    );
    this.area.addEventListener("input", () => this.changed());
    this.area.addEventListener("keydown", (event) => this.press(event));
  }

  /** Points the composer at a conversation, or at one thread of it. */
  aim(channel, thread, label) {
    const { store } = this;
    const key = [store.me.id, channel.id, thread ?? ""].join(" ");
    const bot = store.users.get(store.bot.id)?.name ?? store.bot.name;
    this.area.placeholder = label;
    this.area.setAttribute("aria-label", label);
    this.mention.hidden = channel.kind === "dm" || Boolean(thread);
    this.mention.textContent = `@${bot}`;
    this.mention.setAttribute("aria-label", `Mention @${bot}`);
    const others = channel.kind === "dm" ? [] : [...store.users.values()].filter((user) => user.id !== store.me.id);
    this.helper.sources = [people(others), commands(store.commands)];
    if (key === this.key) return;
    this.key = key;
    this.thread = thread;
    this.area.value = drafts[key] ?? "";
    this.changed();
  }

  changed() {
    keepDraft(this.key, this.area.value);
    this.sendButton.disabled = this.area.value.trim() === "";
    this.area.style.height = "auto";
    this.area.style.height = `${Math.min(this.area.scrollHeight, MAX_HEIGHT)}px`;
    this.helper.update();
  }

  press(event) {
    if (this.helper.press(event)) return;
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.node.requestSubmit();
  }

  async submit(event) {
    event.preventDefault();
    const text = this.area.value.trim();
    if (!text || this.sending) return;
    const { key } = this;
    this.sending = true;
    const sent = await this.actions.send(text, this.thread);
    this.sending = false;
    if (!sent) return;
    keepDraft(key, "");
    if (this.key === key) {
      this.area.value = "";
      this.changed();
    }
    this.onSent();
  }

  addMention() {
    const mention = `${this.mention.textContent} `;
    if (!this.area.value.includes(mention.trim())) this.area.value = mention + this.area.value;
    this.area.focus();
    this.changed();
  }

  focus() {
    this.area.focus();
  }
}

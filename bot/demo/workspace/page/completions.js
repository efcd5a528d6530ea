/** Completes "@na…" and "/com…" while a person types: arrows choose, Enter or Tab takes, Escape leaves. */
import { fill, h } from "./dom.js";
import { avatar, displayName } from "./people.js";

let lists = 0;

/** People of the conversation, after an "@". */
export function people(users) {
  const matches = (user, word) =>
    user.name.toLowerCase().startsWith(word) || displayName(user).toLowerCase().startsWith(word);
  return {
    starts: /(?:^|\s)@(\w*)$/,
    find: (word) => {
      if (users.some((user) => user.name.toLowerCase() === word)) return [];
      return users.filter((user) => matches(user, word)).sort((a, b) => Number(b.is_bot) - Number(a.is_bot));
    },
    text: (user) => `${user.name} `,
    show: (user) => [
      avatar(user, "tiny"),
      h("span", { class: "completion-name" }, displayName(user)),
      h("span", { class: "completion-more" }, `@${user.name}`),
    ],
  };
}

/** The app's commands, at the start of a text; the hint says what may follow. */
export function commands(known) {
  return {
    starts: /^\/([\w-]*)$/,
    find: (word) => known.filter(({ name }) => name.slice(1).startsWith(word)),
    text: ({ name }) => `${name.slice(1)} `,
    show: ({ name, description, usage_hint: hint }) => [
      h("span", { class: "completion-name" }, name, " ", h("span", { class: "completion-hint" }, hint)),
      h("span", { class: "completion-more" }, description),
    ],
  };
}

export class Completions {
  /** @param {HTMLTextAreaElement} area @param {() => void} onTaken after the text was completed */
  constructor(area, onTaken) {
    Object.assign(this, { area, onTaken, sources: [], source: null, found: [], at: 0, dismissed: null });
    this.id = `completions-${++lists}`;
    this.node = h("ul", { class: "completions", id: this.id, role: "listbox", "aria-label": "Suggestions", hidden: true });
    area.setAttribute("aria-autocomplete", "list");
    area.setAttribute("aria-controls", this.id);
    area.addEventListener("blur", () => this.show([]));
  }

  /** What is being typed: the source that it is of, and the word so far; null when it is of none. */
  typing() {
    const before = this.area.value.slice(0, this.area.selectionStart);
    for (const source of this.sources) {
      const word = source.starts.exec(before)?.[1];
      if (word !== undefined) return { source, word: word.toLowerCase() };
    }
    return null;
  }

  update() {
    const typing = document.activeElement === this.area ? this.typing() : null;
    if (!typing || typing.word === this.dismissed) {
      this.show([]);
      return;
    }
    this.dismissed = null;
    this.source = typing.source;
    this.show(typing.source.find(typing.word));
  }

  show(found) {
    this.found = found;
    this.at = 0;
    this.node.hidden = found.length === 0;
    this.draw();
  }

  draw() {
    fill(
      this.node,
      this.found.map((item, index) => this.option(item, index)),
    );
    if (this.found.length) this.area.setAttribute("aria-activedescendant", `${this.id}-${this.at}`);
    else this.area.removeAttribute("aria-activedescendant");
  }

  option(item, index) {
    const take = (event) => {
      event.preventDefault(); // the text keeps the focus
      this.take(item);
    };
    const selected = String(index === this.at);
    const attributes = { id: `${this.id}-${index}`, role: "option", "aria-selected": selected, onmousedown: take };
    return h("li", attributes, this.source.show(item));
  }

  /** @returns {boolean} whether the key was for the list */
  press(event) {
    if (!this.found.length) return false;
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key === "Enter" && this.isWhole()) {
      this.show([]);
      return false; // nothing is left to complete: it is sent
    }
    if (event.key in moves) {
      this.at = (this.at + moves[event.key] + this.found.length) % this.found.length;
      this.draw();
    } else if (event.key === "Escape") {
      this.dismissed = this.typing()?.word ?? null;
      this.show([]);
    } else if ((event.key === "Enter" && !event.shiftKey) || event.key === "Tab") this.take(this.found[this.at]);
    else return false;
    event.preventDefault();
    return true;
  }

  /** Whether what is marked stands there already. */
  isWhole() {
    return this.source.text(this.found[this.at]).trim().toLowerCase() === this.typing()?.word;
  }

  take(item) {
    const caret = this.area.selectionStart;
    const start = caret - this.typing().word.length;
    this.area.setRangeText(this.source.text(item), start, caret, "end");
    this.show([]);
    this.onTaken();
  }
}

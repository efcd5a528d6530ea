/** Completes "@na…" while a person types: arrows choose, Enter or Tab takes, Escape leaves. */
import { fill, h } from "./dom.js";
import { avatar, displayName } from "./people.js";

let helpers = 0;

export class MentionHelper {
  /** @param {HTMLTextAreaElement} area @param {() => void} onTaken after the text was completed */
  constructor(area, onTaken) {
    Object.assign(this, { area, onTaken, people: [], found: [], at: 0, dismissed: null });
    this.id = `mentions-${++helpers}`;
    this.node = h("ul", {
      class: "mentions",
      id: this.id,
      role: "listbox",
      "aria-label": "People to mention",
      hidden: true,
    });
    area.setAttribute("aria-controls", this.id);
    area.addEventListener("blur", () => this.show([]));
  }

  /** The "@word" that ends at the caret, or null. */
  word() {
    const before = this.area.value.slice(0, this.area.selectionStart);
    return /(?:^|\s)@(\w*)$/.exec(before)?.[1] ?? null;
  }

  update() {
    const word = this.word()?.toLowerCase();
    if (word === undefined || word === this.dismissed || document.activeElement !== this.area) {
      this.show([]);
      return;
    }
    this.dismissed = null;
    const matches = (user) =>
      user.name.toLowerCase().startsWith(word) || displayName(user).toLowerCase().startsWith(word);
    const complete = this.people.some((user) => user.name.toLowerCase() === word);
    const found = complete ? [] : this.people.filter(matches);
    this.show(found.sort((a, b) => Number(b.is_bot) - Number(a.is_bot)));
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
      this.found.map((user, index) => this.option(user, index)),
    );
    if (this.found.length) this.area.setAttribute("aria-activedescendant", `${this.id}-${this.at}`);
    else this.area.removeAttribute("aria-activedescendant");
  }

  option(user, index) {
    const take = (event) => {
      event.preventDefault(); // the text keeps the focus
      this.take(user);
    };
    return h(
      "li",
      { id: `${this.id}-${index}`, role: "option", "aria-selected": String(index === this.at), onmousedown: take },
      avatar(user, "tiny"),
      h("span", { class: "mention-name" }, displayName(user)),
      h("span", { class: "mention-handle" }, `@${user.name}`),
    );
  }

  /** @returns {boolean} whether the key was for the helper */
  press(event) {
    if (!this.found.length) return false;
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in moves) {
      this.at = (this.at + moves[event.key] + this.found.length) % this.found.length;
      this.draw();
    } else if (event.key === "Escape") {
      this.dismissed = this.word()?.toLowerCase() ?? null;
      this.show([]);
    } else if ((event.key === "Enter" && !event.shiftKey) || event.key === "Tab") this.take(this.found[this.at]);
    else return false;
    event.preventDefault();
    return true;
  }

  take(user) {
    const caret = this.area.selectionStart;
    const start = caret - this.word().length;
    this.area.setRangeText(`${user.name} `, start, caret, "end");
    this.show([]);
    this.onTaken();
  }
}

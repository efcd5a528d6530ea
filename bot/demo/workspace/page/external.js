/** Selects whose choices the app is asked for while a person types: one choice, or several as chips. */
import { fill, h } from "./dom.js";
import { plainText } from "./emoji.js";

const WAIT_MS = 180; // of silence, before the app is asked
const LEAST = 3; // characters, where the app says no other number

let lists = 0;

class ExternalSelect {
  constructor(element, attributes, ask, several) {
    Object.assign(this, { element, ask, several, chosen: initial(element), found: [], at: -1, turn: 0 });
    this.id = `choices-${++lists}`;
    this.least = element.min_query_length ?? LEAST;
    this.input = h("input", {
      class: "input",
      type: "text",
      role: "combobox",
      autocomplete: "off",
      placeholder: element.placeholder?.text ?? "Type to search",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": this.id,
      ...attributes,
    });
    this.list = h("ul", { class: "choice-list", id: this.id, role: "listbox", "aria-label": "Choices", hidden: true });
    this.note = h("p", { class: "hint", role: "status" });
    this.chips = h("ul", { class: "chips", "aria-label": "Chosen", hidden: true });
    this.node = h("div", { class: "external" }, this.chips, this.input, this.list, this.note);
    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("focus", () => this.typed());
    this.input.addEventListener("change", (event) => event.stopPropagation()); // a choice is the change, not the text
    this.input.addEventListener("blur", () => this.left());
    this.input.addEventListener("keydown", (event) => this.press(event));
    this.draw();
  }

  typed() {
    const text = this.input.value.trim();
    clearTimeout(this.timer);
    if (!this.several && this.chosen[0] && text === plainText(this.chosen[0].text)) return;
    const missing = this.least - text.length;
    if (missing > 0) return this.show([], `Type ${missing === 1 ? "one more letter" : `${missing} more letters`}.`);
    this.timer = setTimeout(() => this.load(text), WAIT_MS);
    return undefined;
  }

  async load(text) {
    const turn = ++this.turn;
    this.note.textContent = "Loading…";
    const { options, option_groups: groups, failed } = await this.ask(text);
    if (turn !== this.turn || document.activeElement !== this.input) return;
    const found = (options ?? (groups ?? []).flatMap((group) => group.options)).filter((each) => !this.has(each));
    this.show(found, failed ?? (found.length ? "" : "Nothing fits."));
  }

  has(option) {
    return this.several && this.chosen.some(({ value }) => value === option.value);
  }

  show(found, note = "") {
    this.found = found;
    this.at = found.length ? 0 : -1;
    this.note.textContent = note || (found.length ? `${found.length} to choose from.` : "");
    this.list.hidden = found.length === 0;
    this.input.setAttribute("aria-expanded", String(found.length > 0));
    this.mark();
    if (found.length) this.list.scrollIntoView({ block: "nearest" });
  }

  mark() {
    const item = (option, index) => {
      const attributes = { id: `${this.id}-${index}`, role: "option", "aria-selected": String(index === this.at) };
      const onmousedown = (event) => {
        event.preventDefault(); // the text keeps the focus
        this.choose(option);
      };
      return h("li", { ...attributes, onmousedown }, plainText(option.text));
    };
    fill(this.list, this.found.map(item));
    if (this.at < 0) this.input.removeAttribute("aria-activedescendant");
    else this.input.setAttribute("aria-activedescendant", `${this.id}-${this.at}`);
    this.list.children[this.at]?.scrollIntoView({ block: "nearest" });
  }

  press(event) {
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key === "Backspace" && !this.input.value && this.several) this.drop(this.chosen.at(-1));
    if (!this.found.length) return;
    if (event.key in moves) {
      this.at = (this.at + moves[event.key] + this.found.length) % this.found.length;
      this.mark();
    } else if (event.key === "Enter") this.choose(this.found[this.at]);
    else if (event.key === "Escape") {
      this.show([]);
      event.stopPropagation(); // the dialog stays
    } else return;
    event.preventDefault();
  }

  choose(option) {
    if (this.several) this.chosen = [...this.chosen, option];
    else this.chosen = [option];
    this.tell();
  }

  drop(option) {
    this.chosen = this.chosen.filter((each) => each !== option);
    this.tell();
  }

  tell() {
    this.turn += 1;
    this.show([]);
    this.draw();
    this.node.dispatchEvent(new Event("input", { bubbles: true }));
    this.node.dispatchEvent(new Event("change", { bubbles: true }));
  }

  /** What was typed and not chosen is no answer: the field says again what stands. */
  left() {
    if (!this.several && this.input.value.trim() === "") this.chosen = [];
    this.turn += 1;
    this.show([]);
    this.draw();
  }

  draw() {
    if (!this.several) {
      this.input.value = this.chosen[0] ? plainText(this.chosen[0].text) : "";
      return;
    }
    this.input.value = "";
    this.chips.hidden = this.chosen.length === 0;
    const chip = (option) => {
      const label = plainText(option.text);
      const remove = { type: "button", class: "chip-remove", "aria-label": `Remove ${label}` };
      const onclick = () => {
        this.drop(option);
        this.input.focus();
      };
      const onmousedown = (event) => event.preventDefault(); // the text keeps the focus: else the chips are drawn anew
      return h("li", { class: "chip" }, label, h("button", { ...remove, onmousedown, onclick }, "×"));
    };
    fill(this.chips, this.chosen.map(chip));
  }

  restore(chosen) {
    this.chosen = chosen.filter(Boolean);
    this.draw();
  }
}

const initial = (element) => [element.initial_option, ...(element.initial_options ?? [])].filter(Boolean);

function made(select) {
  return { node: select.node, input: select.input, focus: () => select.input.focus() };
}

export const externalControls = {
  external_select(element, attributes, { ask }) {
    const select = new ExternalSelect(element, attributes, ask, false);
    return {
      ...made(select),
      read: () => ({ type: element.type, selected_option: select.chosen[0] ?? null }),
      restore: (state) => select.restore([state.selected_option]),
    };
  },
  multi_external_select(element, attributes, { ask }) {
    const select = new ExternalSelect(element, attributes, ask, true);
    const limit = element.max_selected_items;
    return {
      ...made(select),
      read: () => ({ type: element.type, selected_options: select.chosen }),
      restore: (state) => select.restore(state.selected_options ?? []),
      problem: () => (limit && select.chosen.length > limit ? `Choose at most ${limit}.` : ""),
    };
  },
};

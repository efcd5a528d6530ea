/** The open views as one modal dialog: the top view is shown, and what was typed outlives a redraw. */
import { renderBlocks } from "./blocks.js";
import { scrollable } from "./clip.js";
import { fill, h, icon } from "./dom.js";
import { plainText } from "./emoji.js";
import { focusPlace, placeOf } from "./focus.js";

export class Modal {
  constructor({ store, actions }) {
    this.store = store;
    this.actions = actions;
    this.shown = null;
    this.opener = null; // what had the focus when the first view opened
    this.drafts = new Map(); // view id -> state values, for a view that is updated or covered by a pushed one
    this.controls = [];
    this.busy = false;
    this.node = h("dialog", { class: "dialog modal", "data-testid": "modal", "aria-labelledby": "modal-title" });
    this.node.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.dismiss();
    });
    document.body.append(this.node);
    store.subscribe(() => this.update());
  }

  update() {
    const top = this.store.views.at(-1) ?? null;
    if (top === this.shown) return;
    if (this.shown) this.drafts.set(this.shown.id, this.values());
    this.shown = top;
    this.busy = false;
    for (const id of this.drafts.keys()) if (!this.store.views.some((view) => view.id === id)) this.drafts.delete(id);
    if (!top) {
      this.node.close();
      focusPlace(this.opener);
      return;
    }
    if (!this.node.open) this.opener = placeOf(document.activeElement);
    const before = this.controls.find((each) => each.node?.contains(document.activeElement));
    this.draw(top);
    if (!this.node.open) this.node.showModal();
    this.focus(before);
  }

  /** Focuses the control that had it before the view was drawn anew, else the one that wants it, else the first. */
  focus(before) {
    const fields = this.controls.filter((each) => each.focus);
    const same = before && fields.find(({ block, action }) => block === before.block && action === before.action);
    const control = same ?? fields.find((each) => each.first) ?? fields[0];
    if (control) control.focus();
    else this.node.querySelector(".modal-footer button").focus();
  }

  draw(view) {
    this.controls = [];
    this.banner = h("div", { class: "alert alert-error", role: "alert", hidden: true });
    const content = renderBlocks(view.blocks ?? [], this.surface(view));
    const body = scrollable(h("div", { class: "modal-body" }, this.banner, content), "Dialog");
    this.submitButton = view.submit
      ? h(
          "button",
          { type: "submit", class: "button button-primary" },
          h("span", { class: "button-label" }, plainText(view.submit)),
        )
      : null;
    const onsubmit = (event) => {
      event.preventDefault();
      this.submit();
    };
    fill(
      this.node,
      h(
        "form",
        { class: "modal-form", novalidate: true, onsubmit, dataset: { view: view.id } },
        h(
          "header",
          { class: "modal-header" },
          view.previous_view_id ? tool("Back", "back", () => this.dismiss()) : null,
          h("h2", { id: "modal-title" }, plainText(view.title)),
          tool("Close dialog", "close", () => this.actions.closeViews()),
        ),
        body,
        h(
          "footer",
          { class: "modal-footer" },
          h(
            "button",
            { type: "button", class: "button", onclick: () => this.dismiss() },
            plainText(view.close ?? { text: view.submit ? "Cancel" : "Close" }),
          ),
          this.submitButton,
        ),
      ),
    );
  }

  surface(view) {
    const before = this.drafts.get(view.id) ?? {};
    return {
      names: this.store.names,
      state: () => undefined,
      register: (control) => this.controls.push(control),
      typed: (block, action) => before[block]?.[action],
      suggest: (block, element, typed) => this.actions.suggest({ view_id: view.id }, block, element, typed),
      open: (url) => this.actions.openLink(url),
      click: async (block, element, answer) => this.fail(await this.actions.clickInView(view, block, element, answer)),
    };
  }

  /** Everything typed, in Slack's state shape: `{block_id: {action_id: value}}`. */
  values() {
    const values = {};
    for (const { block, action, read } of this.controls) (values[block] ??= {})[action] = read();
    return values;
  }

  async submit() {
    if (this.busy || !this.shown.submit) return;
    const wrong = this.controls.filter((control) => control.problem).map((control) => [control, control.problem()]);
    wrong.forEach(([control, problem]) => control.show(problem));
    if (this.focusFirst(wrong.filter(([, problem]) => problem).map(([control]) => control))) return;
    const view = this.shown;
    this.setBusy(true);
    const answer = await this.actions.submitView(view, this.values());
    if (this.shown !== view) return;
    this.setBusy(false);
    this.fail(answer.failed ?? "");
    this.showErrors(answer.errors ?? {});
  }

  showErrors(errors) {
    const fields = this.controls.filter((control) => control.show && errors[control.block]);
    fields.forEach((control) => control.show(errors[control.block]));
    this.focusFirst(fields);
    const known = new Set(fields.map((control) => control.block));
    const rest = Object.keys(errors)
      .filter((block) => !known.has(block))
      .map((block) => errors[block]);
    if (rest.length) this.fail(rest.join(" "));
  }

  focusFirst([first]) {
    first?.focus();
    return Boolean(first);
  }

  fail(sentence) {
    this.banner.textContent = sentence ? `⚠ ${sentence}` : "";
    this.banner.hidden = !sentence;
    if (sentence) this.banner.scrollIntoView({ block: "nearest" });
  }

  setBusy(busy) {
    this.busy = busy;
    this.node.setAttribute("aria-busy", String(busy));
    this.submitButton.setAttribute("aria-disabled", String(busy));
    this.submitButton.setAttribute("aria-busy", String(busy));
  }

  dismiss() {
    if (this.shown) this.actions.closeView(this.shown);
  }
}

function tool(label, name, onclick) {
  return h("button", { type: "button", class: "icon-button", "aria-label": label, onclick }, icon(name));
}

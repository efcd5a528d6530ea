/** Asks before something happens, in a small dialog of its own. */
import { h } from "./dom.js";
import { plainText } from "./emoji.js";
import { focusPlace, placeOf } from "./focus.js";
import { mrkdwn } from "./mrkdwn.js";

/**
 * @param {Object} dialog Slack's confirm object: title, text, confirm, deny, style
 * @returns {Promise<boolean>} whether the person agreed; Escape is no
 */
export function confirmed(dialog, names) {
  const content =
    dialog.text?.type === "mrkdwn" ? mrkdwn(dialog.text.text, names) : [plainText(dialog.text)];
  return new Promise((resolve) => {
    const opener = placeOf(document.activeElement);
    const finish = (answer) => {
      node.close();
      node.remove();
      focusPlace(opener);
      resolve(answer);
    };
    const style = dialog.style === "danger" ? "button-danger" : "button-primary";
    const node = h(
      "dialog",
      { class: "dialog confirm", "aria-labelledby": "confirm-title", oncancel: () => finish(false) },
      h("h2", { id: "confirm-title" }, plainText(dialog.title ?? { text: "Are you sure?" })),
      h("div", { class: "text dialog-text" }, content),
      h(
        "div",
        { class: "dialog-buttons" },
        h("button", { type: "button", class: "button", onclick: () => finish(false) }, dialog.deny?.text ?? "Cancel"),
        h(
          "button",
          { type: "button", class: `button ${style}`, onclick: () => finish(true) },
          dialog.confirm?.text ?? "Yes",
        ),
      ),
    );
    document.body.append(node);
    node.showModal();
  });
}

/**
 * Keeps the keyboard somewhere: what has the focus may be drawn anew, hidden or removed at any time, and the browser would
 * then leave it on nothing. It goes to the same control as it is now, else to the message that it stood in, else to where
 * a person writes.
 */

const PANES = "#topbar, #sidebar, #conversation, #thread, #panel";

let last = null; // what had the focus, see placeOf
let writing = () => null; // the composer's field that is shown

/** Where an element stands: enough to find it again after a redraw. */
export function placeOf(element) {
  const item = element.closest("[data-item]");
  return {
    element,
    pane: element.closest(PANES)?.id,
    item: item?.dataset.item,
    control: element === item ? undefined : element.dataset.focus,
  };
}

const isThere = (element) =>
  Boolean(element) &&
  element.isConnected &&
  element.checkVisibility() &&
  !element.disabled &&
  element !== document.body;

const inside = (node, name, value) =>
  node && value !== undefined ? node.querySelector(`[data-${name}="${CSS.escape(value)}"]`) : null;

/** Focuses what stands at a place now. @param {Object|null} place null: where a person writes */
export function focusPlace(place) {
  const pane = place?.pane ? document.getElementById(place.pane) : null;
  const item = inside(pane, "item", place?.item);
  const control = inside(item ?? pane, "focus", place?.control);
  if (isThere(item)) item.focus({ preventScroll: true }); // which shows the tools of a message, too
  const found = [place?.element, control].find(isThere);
  if (found) found.focus({ preventScroll: true });
  else if (!isThere(item)) focusComposer();
}

/** Where no keyboard would cover the page, a person can write at once; else, and where nothing is to be written, the first
 * thing of the column that is shown has the focus. */
export function focusComposer() {
  const area = writing();
  const touch = matchMedia("(hover: none)").matches;
  const instead = () => [...document.querySelectorAll(".feed, .sidebar button, .panel button")].find(isThere);
  (area && !touch ? area : instead())?.focus({ preventScroll: true });
}

/** @param {() => (HTMLElement|null)} area what a person writes in now */
export function keepFocus(store, area) {
  writing = area;
  document.addEventListener("focusin", (event) => (last = placeOf(event.target)));
  store.subscribe(() => {
    if (!last || isThere(last.element) || document.querySelector("dialog[open]")) return;
    if (document.activeElement === document.body || document.activeElement === last.element) focusPlace(last);
  });
}

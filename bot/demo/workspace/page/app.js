/** Puts the page together. */
import { Actions } from "./actions.js";
import { mountConversation } from "./conversation.js";
import { fill, h } from "./dom.js";
import { focusComposer, keepFocus } from "./focus.js";
import { followLinks } from "./links.js";
import { Modal } from "./modal.js";
import { mountPanel } from "./panel.js";
import { waitingInAll } from "./seats.js";
import { Session } from "./session.js";
import { mountSidebar } from "./sidebar.js";
import { Store } from "./store.js";
import { mountThread } from "./thread.js";
import { mountTopbar } from "./topbar.js";

const store = new Store();
const page = { store, actions: new Actions(store), session: new Session(store) };
const root = (id) => document.getElementById(id);

async function start() {
  try {
    await page.session.start();
  } catch (error) {
    const retry = h("button", { type: "button", class: "button", onclick: () => location.reload() }, "Try again");
    fill(root("conversation"), h("div", { class: "start-problem", role: "alert" }, h("p", {}, error.message), retry));
    return;
  }
  mountTopbar(root("topbar"), page);
  mountSidebar(root("sidebar"), page);
  mountConversation(root("conversation"), page);
  mountThread(root("thread"), page);
  mountPanel(root("panel"), page);
  new Modal(page);
  store.subscribe(() => {
    root("app").dataset.column = store.column;
    const waiting = waitingInAll(store);
    document.title = `${waiting ? `(${waiting}) ` : ""}${store.team.name || "Workspace"}`;
  });
  keepFocus(store, () => [...document.querySelectorAll(".composer-text")].findLast((area) => area.checkVisibility()));
  if (!followLinks(page.actions)) store.subscribe(once(focusComposer)); // after the first drawing
  store.changed();
}

function once(action) {
  let done = false;
  return () => {
    if (!done) action();
    done = true;
  };
}

start();

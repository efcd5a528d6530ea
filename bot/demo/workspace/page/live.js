/** The live stream of one person. It reconnects by itself, and asks for a fresh history after each gap. */
import { eventsUrl } from "./api.js";

const RETRY_MS = 1500;

export class Live {
  /** @param {{onEvent: Function, onLost: Function, onRestored: Function}} handlers */
  constructor(handlers) {
    this.handlers = handlers;
    this.source = null;
    this.timer = 0;
  }

  /** Resolves when the stream is open; rejects never: a lost stream is retried. `wasLost` asks for `onRestored`. */
  open(user, wasLost = false) {
    this.close();
    return new Promise((resolve) => this.connect(user, wasLost, resolve));
  }

  connect(user, wasLost, opened) {
    const source = new EventSource(eventsUrl(user));
    let lost = wasLost;
    this.source = source;
    source.onopen = () => {
      if (lost) this.handlers.onRestored();
      lost = false;
      opened();
    };
    source.onmessage = (event) => this.handlers.onEvent(JSON.parse(event.data));
    source.onerror = () => {
      lost = true;
      this.handlers.onLost();
      source.close();
      this.timer = setTimeout(() => this.connect(user, true, opened), RETRY_MS);
    };
  }

  close() {
    clearTimeout(this.timer);
    this.source?.close();
  }
}

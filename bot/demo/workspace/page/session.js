/** Who the page acts as: loads what that person sees, and follows it live. The place is kept over a switch. */
import * as api from "./api.js";
import { applyEvent } from "./events.js";
import { Live } from "./live.js";
import { markRead } from "./reads.js";
import { statusKey } from "./store.js";

const PLACE = "signoff.place"; // per tab, so that two tabs can be two people

export class Session {
  constructor(store) {
    this.store = store;
    this.live = new Live({
      onEvent: (event) => this.take(event),
      onLost: () => this.setStream(false),
      onRestored: () => this.restore(),
    });
    this.turn = 0; // counts switches: an answer for a person who is no longer shown is dropped
    this.held = null; // events that arrive while a history loads, which may be older than they are
    store.subscribe(() => this.remember());
  }

  /** The first load: as the person, and at the place, that this tab had last. */
  async start() {
    const last = this.recall();
    try {
      await this.actAs(last.user ?? null, last);
    } catch (error) {
      if (!last.user || error.status === 0) throw error;
      await this.actAs(null, {});
    }
  }

  /** Acts as another person. A direct message becomes that person's own; a place they cannot see, their first one. */
  async actAs(user, place = this.store.place) {
    const turn = ++this.turn;
    this.held = null;
    const { store } = this;
    const wasDirect = store.channels.get(place.channel)?.kind === "dm";
    const boot = await api.boot(user);
    if (turn !== this.turn) return;
    Object.assign(store, {
      me: boot.me,
      team: boot.team,
      bot: boot.bot,
      note: boot.note ?? "",
      ...told(boot),
    });
    store.users = new Map(boot.users.map((each) => [each.id, each]));
    store.groups = new Map(boot.groups.map((each) => [each.id, each]));
    store.channels = new Map(boot.channels.map((each) => [each.id, each]));
    Object.assign(store, {
      messages: new Map(),
      statuses: new Map(),
      prompts: new Map(),
      clicks: new Map(),
      picked: new Map(),
      target: null,
      views: [],
      editing: null,
      problem: "",
    });
    store.place = this.placeFor(place, wasDirect);
    await this.live.open(boot.me.id);
    const { timeZone: zone } = Intl.DateTimeFormat().resolvedOptions();
    api.tellZone({ user: boot.me.id, zone }).catch(() => {}); // the app may then say times as they are here
    if (turn === this.turn) await this.refresh();
  }

  placeFor({ channel, thread }, wasDirect) {
    const seen = [...this.store.channels.values()];
    if (this.store.channels.has(channel)) return { channel, thread: thread ?? null };
    const direct = seen.find((each) => each.kind === "dm");
    const next = wasDirect || !channel ? direct : null;
    return { channel: (next ?? seen[0])?.id ?? null, thread: null };
  }

  /** Loads all conversations and tables anew; nothing typed is lost. */
  async refresh() {
    const { store, turn } = this;
    this.held ??= [];
    const load = async (channel) => [channel, (await api.history(store.me.id, channel)).messages];
    const [tables, ...loaded] = await Promise.all([
      api.tables().catch(() => ({ tables: [] })),
      ...[...store.channels.keys()].map(load),
    ]);
    if (turn !== this.turn) return;
    const held = this.held ?? [];
    this.held = null;
    for (const [channel, messages] of loaded) {
      store.messages.set(channel, new Map(messages.map((message) => [message.ts, message])));
    }
    store.tables = tables.tables;
    held.forEach((event) => this.take(event));
    const { channel, thread } = store.place;
    if (thread && !store.thread(channel, thread).length) store.place = { channel, thread: null };
    if (channel) markRead(store, channel);
    store.changed();
  }

  /** After a gap in the stream: whatever was missed is loaded before the page says that it is live again. */
  async restore() {
    const user = this.store.me.id;
    try {
      const boot = await api.boot(user);
      await this.refresh();
      Object.assign(this.store, { ...told(boot), problem: "" });
      this.setStream(true);
    } catch {
      this.live.open(user, true);
    }
  }

  take(event) {
    if (this.held) {
      this.held.push(event);
      return;
    }
    applyEvent(this.store, event);
    if (event.type === "tables" && !event.tables) this.loadTables();
    if (this.store.place.channel && !document.hidden) markRead(this.store, this.store.place.channel);
  }

  async loadTables() {
    const { tables } = await api.tables().catch(() => ({ tables: this.store.tables }));
    this.store.tables = tables;
    this.store.changed();
  }

  setStream(connected) {
    this.store.streamConnected = connected;
    this.store.changed();
  }

  recall() {
    try {
      return JSON.parse(sessionStorage.getItem(PLACE)) ?? {};
    } catch {
      return {};
    }
  }

  remember() {
    if (!this.store.me) return;
    sessionStorage.setItem(PLACE, JSON.stringify({ user: this.store.me.id, ...this.store.place }));
  }
}

/** What boot says that changes while the page is open. */
function told(boot) {
  return {
    waiting: new Map(Object.entries(boot.waiting)),
    waitingIn: new Map(Object.entries(boot.waiting_in[boot.me.id] ?? {})),
    botConnected: boot.bot.connected !== false,
    home: boot.home ?? null,
    commands: boot.commands ?? [],
    sessions: new Map(boot.sessions.map((each) => [statusKey(each.channel, each.thread_ts), each.session])),
  };
}

// What the page knows of the fleet, kept by the event stream: stores, a bounded feed of movements, rates and latencies.
import {get, getAll, session} from './api.js';

export const FEED_MAX = 500;
const HISTORY_S = 3600, LATENCIES_MAX = 2000, SILENCE_MS = 12000, RETRY_MS = 2000, STRANGERS_S = 5;

export class Live {
    // onSignedOut: called when the centre no longer knows this browser.
    constructor(onSignedOut) {
        this.onSignedOut = onSignedOut;
        this.stores = new Map();
        this.unknown = [];
        this.alerts = [];
        this.feed = [];
        this.history = []; // [second, movements, p50 ms]
        this.latencies = [];
        this.perSecond = 0;
        this.offsetMs = 0; // server clock − ours
        this.lastEventMs = Date.now();
        this.broken = false;
        this.told = 0;
        this.listeners = new Set();
        this.itemListeners = new Set();
    }

    onChange(listener) {
        this.listeners.add(listener);
        return () => this.listeners.delete(listener);
    }

    onItem(listener) {
        this.itemListeners.add(listener);
        return () => this.itemListeners.delete(listener);
    }

    changed() {
        if (this.pending) return;
        this.pending = true;
        requestAnimationFrame(() => {
            this.pending = false;
            for (const listener of this.listeners) listener();
        });
    }

    now() {
        return Date.now() + this.offsetMs;
    }

    // Has the page lost its own stream? Then no figure on it may pass for fresh.
    lost() {
        return this.broken || Date.now() - this.lastEventMs > SILENCE_MS;
    }

    ageOf(store) {
        return store.freshness.as_of ? Math.max(0, this.now() - Date.parse(store.freshness.as_of)) : null;
    }

    async load() {
        const [fleet, alerts] = await Promise.all([getAll('/v1/stores?limit=1000'), get('/v1/alerts?open=true&limit=100')]);
        this.setNow(fleet.now);
        this.stores = new Map(fleet.data.map(store => [store.store, store]));
        this.unknown = fleet.unknown_stores;
        this.alerts = alerts.data;
        this.changed();
    }

    setNow(iso) {
        if (iso) this.offsetMs = Date.parse(iso) - Date.now();
    }

    start() {
        this.connect();
        this.timer = setInterval(() => this.tick(), 1000);
    }

    stop() {
        this.source.close();
        clearInterval(this.timer);
        clearTimeout(this.retry);
    }

    // The browser itself reconnects after a lost connection, but gives up when the centre answers with an error.
    reconnect() {
        this.broken = true;
        this.changed();
        if (this.source.readyState !== EventSource.CLOSED) return;
        clearTimeout(this.retry);
        this.retry = setTimeout(() => session().then(found => (found ? this.connect() : this.onSignedOut()), () => this.reconnect()), RETRY_MS);
    }

    connect() {
        this.source = new EventSource('/v1/events');
        this.source.onopen = () => {
            this.broken = false;
            this.lastEventMs = Date.now();
            this.load().catch(() => {});
        };
        this.source.onerror = () => this.reconnect();
        const on = (kind, take) => this.source.addEventListener(kind, event => {
            this.lastEventMs = Date.now();
            const data = JSON.parse(event.data);
            this.setNow(data.now);
            take(data);
            this.changed();
        });
        on('clock', () => {});
        on('reset', () => this.load().catch(() => {}));
        on('heartbeat', store => this.stores.set(store.store, store));
        on('stock', row => this.itemListeners.forEach(listener => listener(row)));
        on('movement', movement => this.take(movement));
        on('alert', () => get('/v1/alerts?open=true&limit=100').then(list => {
            this.alerts = list.data;
            this.changed();
        }, () => {}));
    }

    take(movement) {
        this.feed.unshift({...movement, key: ++this.told});
        if (this.feed.length > FEED_MAX) this.feed.length = FEED_MAX;
        this.perSecond++;
        if (movement.own_time) {
            this.latencies.push(Math.max(0, Date.parse(movement.applied_at) - Date.parse(movement.own_time)));
            if (this.latencies.length > LATENCIES_MAX) this.latencies.splice(0, this.latencies.length - LATENCIES_MAX);
        }
    }

    tick() {
        this.history.push([Math.round(this.now() / 1000), this.perSecond]);
        if (this.history.length > HISTORY_S) this.history.shift();
        this.perSecond = 0;
        if (this.history.at(-1)[0] % STRANGERS_S === 0 && !this.broken) this.loadStrangers();
        this.changed();
    }

    // Stores that are not enrolled are in no event.
    loadStrangers() {
        get('/v1/stores?limit=1').then(fleet => { this.unknown = fleet.unknown_stores; }, () => {});
    }
}

// What the page knows of the fleet, kept by the event stream: stores, a bounded feed of movements, rates and latencies.
import {get, getAll} from './api.js';

export const FEED_MAX = 500;
const HISTORY_S = 3600, LATENCIES_MAX = 2000, SILENCE_MS = 12000;

export class Live {
    constructor() {
        this.stores = new Map();
        this.unknown = [];
        this.alerts = [];
        this.feed = [];
        this.history = []; // [second, movements, p50 ms]
        this.latencies = [];
        this.perSecond = 0;
        this.offsetMs = 0; // server clock − ours
        this.lastEventMs = Date.now();
        this.connected = false;
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
        return !this.connected || Date.now() - this.lastEventMs > SILENCE_MS;
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
        this.source = new EventSource('/v1/events');
        this.source.onopen = () => {
            this.connected = true;
            this.lastEventMs = Date.now();
            this.load().catch(() => {});
        };
        this.source.onerror = () => {
            this.connected = false;
            this.changed();
        };
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
        this.timer = setInterval(() => this.tick(), 1000);
    }

    take(movement) {
        this.feed.unshift(movement);
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
        this.changed();
    }
}

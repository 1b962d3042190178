// A store's status is a shape, a word and a colour; worst first.
import {html} from './dom.js';

export const STATUSES = ['down', 'gap', 'stale', 'unverified', 'never_seen', 'closed', 'fresh'];

const SHAPES = {down: '■', gap: '◆', stale: '▲', unverified: '◐', never_seen: '?', closed: '○', fresh: '●'};
const WORDS = {down: 'down', gap: 'gap', stale: 'stale', unverified: 'unverified', never_seen: 'never seen', closed: 'closed', fresh: 'fresh'};
const DOWN_SLAS = 20;

// What the figures say now, not when they were sent: a fresh store whose age passes its SLA turns stale by itself.
export function statusNow(store, ageMs) {
    const sla = store.freshness.sla_ms;
    if ((store.status === 'fresh' || store.status === 'unverified') && ageMs > sla) return 'stale';
    if (store.status === 'stale' && ageMs > DOWN_SLAS * sla) return 'down';
    return store.status;
}

export function statusWord(status) {
    return WORDS[status] || status;
}

export function Status({status, reason}) {
    return html`<span class="status ${status}"><span class="shape" aria-hidden="true">${SHAPES[status] || '?'}</span>${' '}${statusWord(status)}${reason ? html`<span class="reason"> ${reason}</span>` : null}</span>`;
}

// Overview and the list of stores.
import {html} from './dom.js';
import {Chart} from './charts.js';
import {age, bytes, clockTime, count, milliseconds, quantile, UNKNOWN} from './format.js';
import {Status, STATUSES, statusNow, statusWord} from './status.js';

export function fleetNow(live) {
    return [...live.stores.values()].map(store => {
        const ageMs = live.ageOf(store);
        return {...store, ageMs, now: statusNow(store, ageMs)};
    });
}

function Tiles({stores}) {
    return html`<div class="tiles">${STATUSES.map(status => {
        const n = stores.filter(store => store.now === status).length;
        return html`<a class="tile ${n ? status : 'none'}" href="#/stores?state=${status}"><b>${count(n)}</b><${Status} status=${status} /></a>`;
    })}</div>`;
}

export function AgeBar({ageMs, slaMs}) {
    if (ageMs === null) return html`<span class="agebar">${UNKNOWN}</span>`;
    const share = Math.min(1, ageMs / slaMs);
    return html`<span class="agebar" title="${age(ageMs)} of ${age(slaMs)}"><meter min="0" max="1" low="0.6" high="0.95" optimum="0" value=${share}></meter> ${age(ageMs)}</span>`;
}

function Unknown({stores}) {
    if (stores.length === 0) return null;
    return html`<section class="card warn" id="unknown-stores"><h2>Stores that are not enrolled</h2><p>They hold a certificate and say Hello, but nothing of theirs is applied. Enrol one with <code>tillctl store add</code>.</p>
        <ul>${stores.map(s => html`<li><b>${s.store}</b>, heard ${count(s.times)} times, last ${clockTime(s.last_heard_at)}</li>`)}</ul></section>`;
}

export function Overview({live}) {
    const stores = fleetNow(live);
    const rate = live.history.length ? live.history.slice(-10).reduce((sum, p) => sum + p[1], 0) / Math.min(10, live.history.length) : null;
    return html`<h1>Overview</h1>
        <${Tiles} stores=${stores} />
        <div class="facts">
            <div class="card fact"><span>Movements a second</span><b id="rate">${rate === null ? UNKNOWN : rate.toFixed(rate < 10 ? 1 : 0)}</b></div>
            <div class="card fact"><span>Till to centre, p50</span><b>${milliseconds(quantile(live.latencies, 0.5))}</b></div>
            <div class="card fact"><span>Till to centre, p99</span><b>${milliseconds(quantile(live.latencies, 0.99))}</b></div>
            <a class="card fact" href="#/alerts"><span>Open alerts</span><b>${count(live.alerts.length)}</b></a>
        </div>
        <${Chart} title="Movements a second, since this page was opened" points=${live.history} />
        <${Unknown} stores=${live.unknown} />
        ${stores.length === 0 ? html`<p class="empty">No store is enrolled yet. <code>tillctl store add S001 …</code> makes the bundle to carry to one.</p>`
            : html`<h2>Worst first</h2><${StoreTable} stores=${worstFirst(stores).slice(0, 8)} />`}`;
}

function worstFirst(stores) {
    return [...stores].sort((a, b) => STATUSES.indexOf(a.now) - STATUSES.indexOf(b.now) || a.store.localeCompare(b.store));
}

const SORTS = {
    status: worstFirst,
    store: stores => [...stores].sort((a, b) => a.store.localeCompare(b.store)),
    age: stores => [...stores].sort((a, b) => (b.ageMs ?? Infinity) - (a.ageMs ?? Infinity)),
    outbox: stores => [...stores].sort((a, b) => (b.outbox ?? 0) - (a.outbox ?? 0)),
};

function StoreTable({stores}) {
    return html`<div class="scroll"><table class="stores"><thead><tr>
        <th>Store</th><th>Status</th><th>Age</th><th>Last sale</th><th class="n">Applied / head</th><th class="n">Outbox</th>
        <th class="n">TLOG behind</th><th class="n">Clock skew</th><th class="n">Negative</th><th class="n">Missing</th><th>Proof</th><th>Version</th></tr></thead>
        <tbody>${stores.map(s => html`<tr key=${s.store} data-store=${s.store}>
            <td data-title="Store"><a href="#/store/${s.store}">${s.store}</a>${s.name ? html`<small> ${s.name}</small>` : null}</td>
            <td data-title="Status"><${Status} status=${s.now} reason=${s.now === 'stale' || s.now === 'unverified' ? s.freshness.reason : null} /></td>
            <td data-title="Age"><${AgeBar} ageMs=${s.ageMs} slaMs=${s.freshness.sla_ms} /></td>
            <td data-title="Last sale">${clockTime(s.last_transaction_at)}</td>
            <td data-title="Applied / head" class="n">${count(s.applied_seq)} / ${count(s.head_seq)}</td>
            <td data-title="Outbox" class="n">${count(s.outbox)}</td>
            <td data-title="TLOG behind" class="n detail">${bytes(s.source_lag_bytes)}</td>
            <td data-title="Clock skew" class="n detail">${milliseconds(s.clock_skew_ms === null ? null : Math.abs(s.clock_skew_ms))}</td>
            <td data-title="Negative" class="n detail">${count(s.negatives)}</td>
            <td data-title="Missing" class="n detail">${count(s.missing_numbers)}</td>
            <td data-title="Proof">${s.mismatch ? '✗ differs' : s.verified ? '✓ verified' : UNKNOWN}</td>
            <td data-title="Version" class="detail">${s.version || UNKNOWN}</td></tr>`)}</tbody></table></div>`;
}

const PAGE = 100;

export function Stores({live, query, go}) {
    const state = query.get('state') || '', q = query.get('q') || '', sort = SORTS[query.get('sort')] ? query.get('sort') : 'status';
    const page = Math.max(1, Number(query.get('page')) || 1);
    const set = (name, value) => {
        const next = new URLSearchParams(query);
        value ? next.set(name, value) : next.delete(name);
        if (name !== 'page') next.delete('page');
        go(`#/stores?${next}`);
    };
    const all = SORTS[sort](fleetNow(live)).filter(s => (!state || s.now === state) && (!q || `${s.store} ${s.name || ''}`.toLowerCase().includes(q.toLowerCase())));
    const pages = Math.max(1, Math.ceil(all.length / PAGE));
    return html`<h1>Stores</h1>
        <form class="filters" onSubmit=${event => event.preventDefault()}>
            <label>Find <input type="search" value=${q} placeholder="id or name" onInput=${event => set('q', event.target.value)} /></label>
            <label>Status <select value=${state} onChange=${event => set('state', event.target.value)}><option value="">all</option>${STATUSES.map(s => html`<option value=${s}>${statusWord(s)}</option>`)}</select></label>
            <label>Sort <select value=${sort} onChange=${event => set('sort', event.target.value)}>${Object.keys(SORTS).map(s => html`<option value=${s}>${s}</option>`)}</select></label>
        </form>
        ${all.length === 0 ? html`<p class="empty">No store fits. <a href="#/stores">Show all</a></p>` : html`<${StoreTable} stores=${all.slice((page - 1) * PAGE, page * PAGE)} />`}
        ${pages > 1 ? html`<p class="pages"><button disabled=${page === 1} onClick=${() => set('page', String(page - 1))}>Previous</button> page ${page} of ${pages} <button disabled=${page === pages} onClick=${() => set('page', String(page + 1))}>Next</button></p>` : null}`;
}

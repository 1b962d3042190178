// Search, one item in every store, the live feed, alerts.
import {html, useEffect, useRef, useState} from './dom.js';
import {get, post} from './api.js';
import {clockTime, count, quantity, UNKNOWN} from './format.js';
import {Status, statusNow} from './status.js';

const SEARCH_PAUSE_MS = 200, RELOAD_PAUSE_MS = 500;

// A scanner types and presses Enter faster than a list is fetched: asked for anew.
function openIfOne(q, tell) {
    get(`/v1/items?limit=2&q=${encodeURIComponent(q)}`).then(({data}) => {
        const found = data.find(row => row.item === q) || (data.length === 1 ? data[0] : null);
        if (found) location.hash = `#/item/${encodeURIComponent(found.item)}`;
    }, problem => tell(problem.message));
}

export function Items({query, go}) {
    const q = query.get('q') || '';
    const [rows, setRows] = useState(null), [problem, setProblem] = useState(null), input = useRef(null);
    useEffect(() => input.current?.focus(), []);
    useEffect(() => {
        const timer = setTimeout(() => get(`/v1/items?limit=50${q ? `&q=${encodeURIComponent(q)}` : ''}`).then(a => (setRows(a.data), setProblem(null)), p => setProblem(p.message)), SEARCH_PAUSE_MS);
        return () => clearTimeout(timer);
    }, [q]);
    return html`<h1>Items</h1>
        <form class="filters" onSubmit=${event => { event.preventDefault(); openIfOne(event.target.elements.search.value, setProblem); }}>
            <label>Find <input ref=${input} id="search" type="search" value=${q} placeholder="id, GTIN or words; a scanner may type here" onInput=${event => go(`#/items?q=${encodeURIComponent(event.target.value)}`)} /></label></form>
        ${problem ? html`<p class="empty">${problem}</p>` : rows === null ? html`<p class="empty">Loading…</p>` : rows.length === 0 ? html`<p class="empty">${q ? `Nothing fits “${q}”.` : 'No item has moved yet. Ring a sale at a till.'}</p>`
            : html`<div class="scroll"><table><thead><tr><th>Item</th><th>Description</th><th>GTIN</th></tr></thead><tbody>${rows.map(r => html`<tr key=${r.item}><td><a href="#/item/${encodeURIComponent(r.item)}">${r.item}</a></td><td>${r.description || UNKNOWN}</td><td>${r.gtin || UNKNOWN}</td></tr>`)}</tbody></table></div>`}`;
}

function arithmetic(row) {
    if (row.available === null) return row.basis === 'none' ? 'never counted: available is not known' : 'the store is not live: nothing is sold online';
    return `on hand ${row.on_hand} − held ${row.held} − pending ${row.pending} − margin ${row.margin.quantity} = ${row.available}`;
}

export function Item({live, id}) {
    const [item, setItem] = useState(null), [problem, setProblem] = useState(null);
    useEffect(() => {
        let here = true, timer = null;
        const load = () => get(`/v1/items/${encodeURIComponent(id)}`).then(a => here && (setItem(a), setProblem(null)), p => here && setProblem(p.message));
        const soon = row => {
            if (row.item === id && !timer) timer = setTimeout(() => { timer = null; load(); }, RELOAD_PAUSE_MS);
        };
        load();
        const stop = live.onItem(soon);
        return () => {
            here = false;
            clearTimeout(timer);
            stop();
        };
    }, [id]);
    if (problem) return html`<h1>${id}</h1><p class="empty">${problem}</p>`;
    if (!item) return html`<h1>${id}</h1><p class="empty">Loading…</p>`;
    const uom = item.stores[0]?.uom, t = item.total;
    return html`<h1>${item.description || id} <small>${id}${item.gtin ? ` · GTIN ${item.gtin}` : ''}</small></h1>
        <div class="facts"><div class="card fact"><span>Available, all stores</span><b>${quantity(t.available, uom)}</b></div><div class="card fact"><span>On hand</span><b>${quantity(t.on_hand, uom)}</b></div>
            <div class="card fact"><span>Recorded movements</span><b id="total-recorded">${quantity(t.recorded, uom)}</b></div><div class="card fact"><span>Stores fresh</span><b>${count(t.fresh_stores)} of ${count(t.stores)}</b></div></div>
        <div class="scroll"><table class="item"><thead><tr><th>Store</th><th>State</th><th class="n">Available</th><th class="n">On hand</th><th class="n">Recorded</th><th class="n">Unsellable</th><th>Basis</th><th>Changed</th></tr></thead><tbody>
        ${item.stores.map(row => {
            const store = live.stores.get(row.store);
            const state = store ? statusNow(store, live.ageOf(store)) : row.freshness.state;
            return html`<tr key=${row.store} data-store=${row.store}><td data-title="Store"><a href="#/store/${row.store}">${row.store}</a></td><td data-title="State"><${Status} status=${state} /></td>
                <td data-title="Available" class="n" title=${arithmetic(row)}>${quantity(row.available, row.uom)}</td><td data-title="On hand" class="n">${quantity(row.on_hand, row.uom)}</td>
                <td data-title="Recorded" class="n recorded">${quantity(row.recorded, row.uom)}</td><td data-title="Unsellable" class="n">${quantity(row.unsellable, row.uom)}</td>
                <td data-title="Basis">${row.basis}</td><td data-title="Changed">${clockTime(row.changed_at)}</td></tr>`;
        })}</tbody></table></div>`;
}

export function Feed({live}) {
    const [paused, setPaused] = useState(null), [filter, setFilter] = useState('');
    const rows = paused || live.feed;
    const fresh = paused ? live.feed.indexOf(paused[0]) : 0;
    const shown = rows.filter(m => !filter || `${m.store} ${m.item} ${m.kind}`.toLowerCase().includes(filter.toLowerCase())).slice(0, 200);
    return html`<h1>Live</h1>
        <form class="filters" onSubmit=${event => event.preventDefault()}><label>Filter <input type="search" value=${filter} placeholder="store, item or kind" onInput=${event => setFilter(event.target.value)} /></label>
            <button type="button" onClick=${() => setPaused(paused ? null : [...live.feed])}>${paused ? 'Go on' : 'Pause'}</button>
            ${paused ? html`<button type="button" class="pill" onClick=${() => setPaused(null)}>${fresh < 0 ? 'many' : count(fresh)} new</button>` : null}</form>
        ${shown.length === 0 ? html`<p class="empty">${live.feed.length ? 'Nothing fits the filter.' : 'Nothing has moved since this page was opened. Ring a sale at a till and it stands here a moment later.'}</p>`
            : html`<div class="scroll"><table class="feed"><thead><tr><th>Applied</th><th>Store</th><th>Item</th><th>Kind</th><th class="n">Quantity</th></tr></thead><tbody>
            ${shown.map(m => html`<tr key=${m.key}><td data-title="Applied">${clockTime(m.applied_at)}</td><td data-title="Store"><a href="#/store/${m.store}">${m.store}</a></td><td data-title="Item"><a href="#/item/${encodeURIComponent(m.item)}">${m.item}</a></td><td data-title="Kind">${m.kind}</td><td data-title="Quantity" class="n">${quantity(m.quantity, m.uom)}</td></tr>`)}</tbody></table></div>`}`;
}

export function Alerts({live}) {
    const [history, setHistory] = useState(null);
    useEffect(() => { get('/v1/alerts?limit=100').then(a => setHistory(a.data), () => {}); }, [live.alerts]);
    const rows = history || live.alerts;
    const [problem, setProblem] = useState(null);
    const acknowledge = id => post(`/v1/alerts/${id}/acknowledge`).then(() => (setProblem(null), live.load()), p => setProblem(p.message));
    return html`<h1>Alerts</h1>${problem ? html`<p class="bad" role="alert">${problem}</p>` : null}${rows.length === 0 ? html`<p class="empty">Nothing has wanted attention yet.</p>`
        : html`<div class="scroll"><table><thead><tr><th>State</th><th>Store</th><th>Kind</th><th>What</th><th>Opened</th><th>Closed</th><th></th></tr></thead><tbody>
        ${rows.map(a => html`<tr key=${a.id}><td data-title="State">${a.closed_at ? '○ over' : '▲ open'}</td><td data-title="Store"><a href="#/store/${a.store}">${a.store}</a></td><td data-title="Kind">${a.kind}</td><td data-title="What">${a.text}</td><td data-title="Opened">${clockTime(a.opened_at)}</td><td data-title="Closed">${clockTime(a.closed_at)}</td>
            <td>${a.acknowledged_at ? 'acknowledged' : html`<button onClick=${() => acknowledge(a.id)}>Acknowledge</button>`}</td></tr>`)}</tbody></table></div>`}`;
}

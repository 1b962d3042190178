// One store, in full.
import {html, useEffect, useState} from './dom.js';
import {get, post} from './api.js';
import {age, bytes, clockTime, count, quantity, UNKNOWN} from './format.js';
import {AgeBar} from './views_fleet.js';
import {Status, statusNow} from './status.js';

const REFRESH_MS = 5000, LEDGER_EVENTS = 20;

async function loadStore(id) {
    const path = `/v1/stores/${encodeURIComponent(id)}`;
    const [store, proof, ledger, commands] = await Promise.all([
        get(path), get(`${path}/proof`), get(`${path}/ledger?order=newest&limit=${LEDGER_EVENTS}`), get(`${path}/commands?limit=10`)]);
    return {store, proof, ledger: ledger.data, older: ledger.next_cursor, commands: commands.data};
}

function Facts({pairs}) {
    return html`<dl class="facts-list">${pairs.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function Proof({proof}) {
    const same = proof.store_digest !== null && proof.store_digest === proof.centre_digest;
    return html`<section class="card" id="proof"><h2>Proof</h2>
        <p>${proof.mismatch ? html`<b class="bad">✗ The centre's rows differ from the store's.</b>` : proof.verified_at ? html`<b class="good">✓ Verified equal</b> at seq ${count(proof.verified_seq)}, ${clockTime(proof.verified_at)}` : 'Not compared yet.'}</p>
        <${Facts} pairs=${[['Store digest', html`<code>${proof.store_digest || UNKNOWN}</code>`], ['Centre digest', html`<code>${proof.centre_digest}</code>${same ? ' =' : ''}`],
            ['Rows at the centre', count(proof.centre_rows)], ['Recomputed from the rows', clockTime(proof.recomputed_at)], ['Repair', proof.repair || 'none open']]} /></section>`;
}

function Sources({store}) {
    if (store.sources.length === 0) return html`<p class="empty">The store has not told of any log source yet.</p>`;
    return html`<div class="scroll"><table><thead><tr><th>Source</th><th>File</th><th class="n">Behind</th><th class="n">Read</th><th>Error</th></tr></thead><tbody>
        ${store.sources.map(s => html`<tr><td>${s.name}</td><td>${s.file || UNKNOWN}</td><td class="n">${bytes(s.lag_bytes)}</td><td class="n">${age(s.last_read_ok_age_ms)} ago</td><td>${s.error || UNKNOWN}</td></tr>`)}</tbody></table></div>`;
}

function Missing({store}) {
    if (store.missing.length === 0) return html`<p>No transaction number is missing.</p>`;
    return html`<table><thead><tr><th>Workstation</th><th>After day</th><th class="n">Numbers</th></tr></thead><tbody>
        ${store.missing.map(m => html`<tr><td>${m.workstation}</td><td>${m.business_day}</td><td class="n">${m.first === m.last ? count(m.first) : `${count(m.first)} – ${count(m.last)}`}</td></tr>`)}</tbody></table>`;
}

export function LedgerTable({rows}) {
    if (rows.length === 0) return html`<p class="empty">No movement yet. Ring a sale at the till.</p>`;
    return html`<div class="scroll"><table class="ledger"><thead><tr><th class="n">Seq</th><th>Own time</th><th>Item</th><th>Kind</th><th class="n">Quantity</th><th class="n">After</th><th>Till</th></tr></thead><tbody>
        ${rows.map(e => html`<tr key="${e.generation}:${e.seq}:${e.line}"><td data-title="Seq" class="n">${count(e.seq)}</td><td data-title="Own time">${clockTime(e.own_time)}</td>
            <td data-title="Item"><a href="#/item/${encodeURIComponent(e.item)}">${e.item}</a></td><td data-title="Kind">${e.kind}</td><td data-title="Quantity" class="n">${quantity(e.on_hand_delta, e.uom)}</td>
            <td data-title="After" class="n">${quantity(e.on_hand_after, e.uom)}</td><td data-title="Till">${e.transaction ? `${e.transaction.workstation} / ${e.transaction.sequence}` : UNKNOWN}</td></tr>`)}</tbody></table></div>`;
}

// What lies before the newest events, fetched page by page on request.
function Older({id, cursor}) {
    const [rows, setRows] = useState([]), [at, setAt] = useState(null), [problem, setProblem] = useState(null);
    const next = at === null ? cursor : at;
    const more = () => get(`/v1/stores/${encodeURIComponent(id)}/ledger?order=newest&limit=100&cursor=${next}`)
        .then(page => (setRows([...rows, ...page.data]), setAt(page.next_cursor || ''), setProblem(null)), p => setProblem(p.message));
    return html`${rows.length ? html`<${LedgerTable} rows=${rows} />` : null}
        ${problem ? html`<p class="bad" role="alert">${problem}</p>` : null}${next ? html`<p class="pages"><button onClick=${more}>Older</button></p>` : null}`;
}

export function Store({live, id}) {
    const [data, setData] = useState(null), [problem, setProblem] = useState(null), [note, setNote] = useState('');
    useEffect(() => {
        let here = true;
        const load = () => loadStore(id).then(d => here && (setData(d), setProblem(null)), p => here && setProblem(p.message));
        load();
        const timer = setInterval(load, REFRESH_MS);
        return () => {
            here = false;
            clearInterval(timer);
        };
    }, [id]);
    if (problem && !data) return html`<h1>${id}</h1><p class="empty">${problem}</p>`;
    if (!data) return html`<h1>${id}</h1><p class="empty">Loading…</p>`;
    const s = live.stores.get(id) ? {...data.store, ...live.stores.get(id)} : data.store, ageMs = live.ageOf(s);
    const resync = () => post(`/v1/stores/${encodeURIComponent(id)}/resync`).then(a => setNote(`Asked: command ${a.command}`), p => setNote(p.message));
    return html`<h1>${id} <${Status} status=${statusNow(s, ageMs)} reason=${s.freshness.reason} /></h1>
        <p class="sub">${s.name || ''} stage ${s.stage}, edge ${s.edge_state || UNKNOWN} ${s.version || ''} <${AgeBar} ageMs=${ageMs} slaMs=${s.freshness.sla_ms} /></p>
        <div class="columns"><section class="card"><h2>Wire</h2><${Facts} pairs=${[['Generation', count(s.generation)], ['Applied / head', `${count(s.applied_seq)} / ${count(s.head_seq)}`],
            ['Outbox', count(s.outbox)], ['Oldest unapplied', age(s.oldest_unapplied_age_ms)], ['Hole', s.hole ? `${s.hole.first} – ${s.hole.last}` : 'none'], ['Transactions', count(s.transactions)],
            ['Last sale', clockTime(s.last_transaction_at)], ['Quarantined', count(s.quarantined)], ['Negative rows', count(s.negatives)], ['Disk free', bytes(s.disk_free_bytes)], ['Memory', bytes(s.resident_bytes)]]} />
            <p><button onClick=${resync}>Resync</button> <span role="status">${note}</span></p></section>
        <${Proof} proof=${data.proof} /></div>
        <section class="card"><h2>Sources</h2><${Sources} store=${s.sources ? s : data.store} /></section>
        <section class="card" id="missing"><h2>Missing numbers</h2><${Missing} store=${data.store} /></section>
        <section class="card"><h2>Ledger, newest first</h2><${LedgerTable} rows=${data.ledger} /><${Older} id=${id} cursor=${data.older} /></section>
        ${data.commands.length ? html`<section class="card"><h2>Commands</h2><div class="scroll"><table><thead><tr><th>Kind</th><th>State</th><th>Made</th><th>Outcome</th></tr></thead><tbody>${data.commands.map(c => html`<tr><td>${c.kind}</td><td>${c.state}</td><td>${clockTime(c.created_at)}</td><td>${c.outcome || UNKNOWN}</td></tr>`)}</tbody></table></div></section>` : null}`;
}

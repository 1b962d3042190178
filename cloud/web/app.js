// The dashboard's frame: signing in, routes in the URL's hash, the stream's banner.
import {html, render, useEffect, useState} from './dom.js';
import {session, signIn, signOut} from './api.js';
import {Live} from './live.js';
import {Overview, Stores} from './views_fleet.js';
import {Store} from './views_store.js';
import {Alerts, Feed, Item, Items} from './views_item.js';

const PAGES = [['#/', 'Overview'], ['#/stores', 'Stores'], ['#/items', 'Items'], ['#/live', 'Live'], ['#/alerts', 'Alerts']];

function route(hash) {
    const [path, query = ''] = hash.replace(/^#/, '').split('?');
    const [page = '', id = ''] = path.replace(/^\//, '').split('/');
    return {page, id: decodeURIComponent(id), query: new URLSearchParams(query)};
}

const go = hash => history.replaceState(null, '', hash) || window.dispatchEvent(new HashChangeEvent('hashchange'));

function Page({live, at}) {
    switch (at.page) {
    case '': return html`<${Overview} live=${live} />`;
    case 'stores': return html`<${Stores} live=${live} query=${at.query} go=${go} />`;
    case 'store': return html`<${Store} live=${live} id=${at.id} key=${at.id} />`;
    case 'items': return html`<${Items} query=${at.query} go=${go} />`;
    case 'item': return html`<${Item} live=${live} id=${at.id} key=${at.id} />`;
    case 'live': return html`<${Feed} live=${live} />`;
    case 'alerts': return html`<${Alerts} live=${live} />`;
    default: return html`<p class="empty">There is no such page. <a href="#/">Overview</a></p>`;
    }
}

function Frame({live}) {
    const [at, setAt] = useState(route(location.hash)), [, redraw] = useState(0);
    useEffect(() => {
        const move = () => setAt(route(location.hash));
        const keys = event => {
            if (event.key === '/' && !/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) {
                event.preventDefault();
                const search = document.getElementById('search');
                search ? search.focus() : location.hash = '#/items';
            }
        };
        window.addEventListener('hashchange', move);
        window.addEventListener('keydown', keys);
        const stop = live.onChange(() => redraw(n => n + 1));
        return () => {
            window.removeEventListener('hashchange', move);
            window.removeEventListener('keydown', keys);
            stop();
        };
    }, []);
    const current = hash => (hash === '#/' ? at.page === '' : hash.slice(2).startsWith(at.page) && at.page !== '') ? 'page' : undefined;
    const lost = live.lost();
    return html`<header><a class="brand" href="#/"><img src="icon.svg" alt="" width="22" height="22" /> tillwire</a>
            <nav>${PAGES.map(([hash, word]) => html`<a href=${hash} aria-current=${current(hash)}>${word}</a>`)}</nav>
            <button class="quiet" onClick=${() => signOut().finally(() => location.reload())}>Sign out</button></header>
        ${lost ? html`<p class="banner" role="alert">■ This page has lost its stream from the centre. Figures are as they were; it is trying again.</p>` : null}
        <main class=${lost ? 'lost' : ''}><${Page} live=${live} at=${at} /></main>`;
}

function SignIn({problem, onKey}) {
    const [key, setKey] = useState('');
    return html`<main class="signin"><h1><img src="icon.svg" alt="" width="32" height="32" /> tillwire</h1>
        <form class="card" onSubmit=${event => { event.preventDefault(); onKey(key.trim()); }}>
            <p>Open the address that the centre printed, or sign in with a key.</p>
            <label>Key <input type="password" autocomplete="off" value=${key} placeholder="tw_…" onInput=${event => setKey(event.target.value)} /></label>
            <button disabled=${!key}>Sign in</button>${problem ? html`<p class="bad" role="alert">${problem}</p>` : null}</form></main>`;
}

const root = document.getElementById('app');

// Also forgets what stood there: render() compares with it.
function clear() {
    render(null, root);
    root.replaceChildren();
}

function open() {
    clear();
    const live = new Live(() => {
        live.stop();
        ask('The centre does not know this browser any more. Sign in again.');
    });
    live.start();
    render(html`<${Frame} live=${live} />`, root);
}

function ask(problem) {
    clear();
    render(html`<${SignIn} problem=${problem} onKey=${key => signIn({key}).then(open, p => ask(p.message))} />`, root);
}

// #code=…: the printed address signs this browser in, once; the code leaves the address bar at once.
async function begin() {
    const code = /^#code=([0-9a-f]+)$/.exec(location.hash);
    let problem = null;
    if (code) {
        history.replaceState(null, '', '#/');
        try {
            await signIn({code: code[1]});
            return open();
        } catch (refused) {
            problem = refused.message;
        }
    }
    try {
        return await session() ? open() : ask(problem);
    } catch (failed) {
        return ask(failed.message);
    }
}

begin();

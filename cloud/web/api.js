// Requests to the centre. The session cookie is the browser's business; unsafe methods carry the CSRF token.

let csrf = null;

export class Problem extends Error {
    constructor(status, detail) {
        super(detail);
        this.status = status;
    }
}

async function request(method, path, body, headers = {}) {
    const init = {method, headers: {Accept: 'application/json', ...headers}, credentials: 'same-origin'};
    if (csrf && method !== 'GET') init.headers['X-CSRF-Token'] = csrf;
    if (body !== undefined) {
        init.headers['Content-Type'] = 'application/json';
        init.body = JSON.stringify(body);
    }
    const response = await fetch(path, init);
    const text = await response.text();
    const data = text ? JSON.parse(text) : null;
    if (!response.ok) throw new Problem(response.status, data?.detail || `the centre answered ${response.status}`);
    return data;
}

export const get = path => request('GET', path);
export const post = (path, body = {}) => request('POST', path, body, {'Idempotency-Key': crypto.randomUUID()});

// All pages of a list.
export async function getAll(path) {
    const rows = [];
    let cursor = null, first = null;
    do {
        const page = await get(cursor ? `${path}${path.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(cursor)}` : path);
        first = first || page;
        rows.push(...page.data);
        cursor = page.next_cursor;
    } while (cursor);
    return {...first, data: rows};
}

export async function signIn(credentials) {
    const session = await request('POST', '/v1/session', credentials);
    csrf = session.csrf;
    return session;
}

// The session that the cookie belongs to; null when there is none.
export async function session() {
    try {
        const found = await get('/v1/session');
        csrf = found.csrf;
        return found;
    } catch (problem) {
        if (problem.status === 401) return null;
        throw problem;
    }
}

export const signOut = () => request('DELETE', '/v1/session');

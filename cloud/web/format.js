// Values as people read them. Pure. What is unknown is "–", never 0.

export const UNKNOWN = '–';

// Server-side decimals arrive as JSON numbers with at most four decimals.
export function quantity(value, uom) {
    if (value === null || value === undefined) return UNKNOWN;
    const text = value.toLocaleString('en-GB', {maximumFractionDigits: 4}).replace('-', '−');
    return uom && uom !== 'EA' ? `${text} ${uom.toLowerCase()}` : text;
}

export function count(value) {
    return value === null || value === undefined ? UNKNOWN : value.toLocaleString('en-GB');
}

// 950 ms → "1 s", 75 s → "1 min 15 s"
export function age(ms) {
    if (ms === null || ms === undefined || !Number.isFinite(ms)) return UNKNOWN;
    const s = Math.max(0, Math.round(ms / 1000));
    if (s < 60) return `${s} s`;
    if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
    if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor(s % 3600 / 60)} min`;
    return `${Math.floor(s / 86400)} d ${Math.floor(s % 86400 / 3600)} h`;
}

export function milliseconds(ms) {
    if (ms === null || ms === undefined || !Number.isFinite(ms)) return UNKNOWN;
    return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

export function bytes(value) {
    if (value === null || value === undefined) return UNKNOWN;
    const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
    let n = value, u = 0;
    while (n >= 1024 && u < units.length - 1) {
        n /= 1024;
        u++;
    }
    return `${u === 0 ? n : n.toFixed(n < 10 ? 1 : 0)} ${units[u]}`;
}

export function clockTime(iso) {
    if (!iso) return UNKNOWN;
    const t = new Date(iso), year = t.getFullYear() === new Date().getFullYear() ? {} : {year: 'numeric'};
    return `${t.toLocaleDateString('en-GB', {day: '2-digit', month: 'short', ...year})} ${t.toLocaleTimeString('en-GB')}`;
}

// The q-th quantile (0–1) of numbers; null of none.
export function quantile(values, q) {
    if (values.length === 0) return null;
    const sorted = [...values].sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1 < 0 ? 0 : Math.ceil(q * sorted.length) - 1)];
}

// One small line chart.
import uPlot from './lib/uPlot.esm.js';
import {html, useEffect, useRef} from './dom.js';

function colours(element) {
    const style = getComputedStyle(element);
    return {line: style.getPropertyValue('--accent').trim(), text: style.getPropertyValue('--muted').trim(), grid: style.getPropertyValue('--line').trim()};
}

const STEPS_S = [1, 5, 10, 30, 60, 300, 600, 900, 1800, 3600];

// points: [[second, value], …]
export function Chart({title, points, height = 140}) {
    const place = useRef(null), chart = useRef(null);
    useEffect(() => {
        const c = colours(place.current);
        const axis = {stroke: c.text, grid: {stroke: c.grid, width: 1}, ticks: {show: false}, font: '12px system-ui'};
        chart.current = new uPlot({
            width: place.current.clientWidth, height, padding: [8, 30, 0, 0], legend: {show: false}, cursor: {y: false},
            scales: {y: {range: (u, min, max) => [0, Math.max(1, max * 1.1)]}},
            axes: [{...axis, size: 28, space: 90, incrs: STEPS_S, values: (u, seconds) => seconds.map(s => new Date(s * 1000).toLocaleTimeString('en-GB'))}, {...axis, size: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 10000]}],
            series: [{}, {stroke: c.line, width: 1.5, fill: `${c.line}22`, points: {show: false}}],
        }, [[], []], place.current);
        const resize = new ResizeObserver(() => chart.current.setSize({width: place.current.clientWidth, height}));
        resize.observe(place.current);
        return () => {
            resize.disconnect();
            chart.current.destroy();
        };
    }, []);
    useEffect(() => chart.current?.setData([points.map(p => p[0]), points.map(p => p[1])]), [points.length, points.at(-1)]);
    return html`<figure class="card chart"><figcaption>${title}</figcaption><div ref=${place}></div></figure>`;
}

// The house of real processes, asked over a pipe: house.ring('S001', 'A1', 2) and so on (house_server.py).
import {spawn} from 'node:child_process';
import readline from 'node:readline';
import path from 'node:path';

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);

export function openHouse() {
    const child = spawn('python3', [path.join(here, 'house_server.py')], {stdio: ['pipe', 'pipe', 'inherit']});
    const waiting = [];
    readline.createInterface({input: child.stdout}).on('line', line => {
        const {resolve, reject} = waiting.shift(), answer = JSON.parse(line);
        'error' in answer ? reject(new Error(answer.error)) : resolve(answer.ok);
    });
    child.on('exit', () => waiting.forEach(({reject}) => reject(new Error('the house ended'))));
    const ask = (name, args) => new Promise((resolve, reject) => {
        waiting.push({resolve, reject});
        child.stdin.write(`${JSON.stringify({do: name, with: args})}\n`);
    });
    const close = () => new Promise(resolve => {
        child.on('exit', resolve);
        child.stdin.end();
    });
    return new Proxy({close}, {get: (own, name) => own[name] ?? (name === 'then' ? undefined : (...args) => ask(name, args))});
}

// Values as people read them.
import assert from 'node:assert/strict';
import {age, bytes, clockTime, count, milliseconds, quantile, quantity, UNKNOWN} from '../../cloud/web/format.js';

export const formatTests = {
    'format: what is unknown is a dash, never 0': () => {
        for (const format of [quantity, count, age, milliseconds, bytes, clockTime]) {
            assert.equal(format(null), UNKNOWN);
            assert.equal(format(undefined), UNKNOWN);
        }
        assert.equal(age(NaN), UNKNOWN);
        assert.equal(quantile([], 0.5), null);
    },
    'format: quantities keep four decimals and their unit': () => {
        assert.equal(quantity(0), '0');
        assert.equal(quantity(-12), '−12');
        assert.equal(quantity(1234.5678), '1,234.5678');
        assert.equal(quantity(0.25, 'KGM'), '0.25 kgm');
        assert.equal(quantity(3, 'EA'), '3');
    },
    'format: ages have two units at most': () => {
        const cases = [[-5, '0 s'], [0, '0 s'], [950, '1 s'], [59400, '59 s'], [59600, '1 min 0 s'], [75000, '1 min 15 s'], [3600000, '1 h 0 min'], [90000000, '1 d 1 h']];
        for (const [ms, text] of cases) assert.equal(age(ms), text);
    },
    'format: bytes and milliseconds': () => {
        assert.equal(bytes(0), '0 B');
        assert.equal(bytes(1023), '1023 B');
        assert.equal(bytes(1024), '1.0 KiB');
        assert.equal(bytes(50 * 1024 * 1024), '50 MiB');
        assert.equal(milliseconds(999.4), '999 ms');
        assert.equal(milliseconds(1500), '1.5 s');
    },
    'format: quantiles': () => {
        assert.equal(quantile([3, 1, 2], 0.5), 2);
        assert.equal(quantile([1, 2, 3, 4], 0.99), 4);
        assert.equal(quantile([5], 0), 5);
    },
};

// The one place that knows the view library.
import {h, render} from './lib/preact.module.js';
import htm from './lib/htm.module.js';

export {render};
export {useEffect, useRef, useState} from './lib/hooks.module.js';
export const html = htm.bind(h);

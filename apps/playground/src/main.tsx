import { render } from 'preact';
import { start } from './state/store.js';
import { App } from './view/app.js';

render(<App />, document.getElementById('app')!);
start();

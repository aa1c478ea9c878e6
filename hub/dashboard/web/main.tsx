import { render } from 'preact';
import { App } from './app.tsx';
import { startTicking } from './clock.ts';
import { findSession, watchSession } from './data/session.ts';
import { watchVersion } from './data/version.ts';
import { followLinks } from './router.ts';
import { listenForKeys } from './shortcuts.ts';
import { applyTheme } from './theme.ts';

applyTheme();
startTicking();
followLinks();
listenForKeys();
watchSession();
watchVersion();
void findSession();

const place = document.querySelector('#app');
if (place === null) throw new Error('the document has no place for the page');
render(<App />, place);

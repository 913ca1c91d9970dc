import { createRoot } from 'react-dom/client';
import { App } from './app.js';
import { start } from './live/present.js';
import { initTheme } from './shell/theme.js';
import './styles/tokens.css';
import './styles/base.css';
import './ui/ui.css';
import './shell/shell.css';

initTheme();
start();
const root = document.getElementById('app');
if (root !== null) createRoot(root).render(<App />);

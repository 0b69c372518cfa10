/**
 * The components of the (archived) toolkit that this view uses: button, text field and progress ring. The only file
 * that imports it. main.tsx loads it after the page's load event: it is not needed for the first paint, and its own
 * theme copier, which waits for that event, then never runs; styles/toolkit.css maps the theme in CSS instead.
 */
import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeProgressRing,
  vsCodeTextField,
} from '@vscode/webview-ui-toolkit';

provideVSCodeDesignSystem().register(vsCodeButton(), vsCodeProgressRing(), vsCodeTextField());

import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';

/** The chat's document: nothing inline without the nonce, nothing from elsewhere. */
export const chatHtml = (webview: vscode.Webview, folder: vscode.Uri): string => {
  const nonce = randomBytes(16).toString('base64');
  const uri = (name: string): string => webview.asWebviewUri(vscode.Uri.joinPath(folder, name)).toString();
  const policy = [
    `default-src 'none'`,
    `script-src 'nonce-${nonce}' ${webview.cspSource}`,
    `style-src 'nonce-${nonce}' ${webview.cspSource}`,
    `font-src ${webview.cspSource}`,
    `img-src ${webview.cspSource} data: blob:`,
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="UTF-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>AnyCowork chat</title>
<link rel="stylesheet" nonce="${nonce}" href="${uri('styles.css')}">
<script type="module" nonce="${nonce}" src="${uri('webview.js')}"></script>
</head>
<body>
<div id="root"></div>
</body>
</html>`;
};

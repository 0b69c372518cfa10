import assert from 'node:assert/strict';
import type { JsonObject } from '../../extension/shared/message.ts';
import { dockerHostOrSkip } from '../support/dockerEngine.ts';
import { type BundledRig, createBundledRig } from './bundledRig.ts';

/** A web of three hosts inside of the container, where the program looks for the internet. */
const smallWeb = `
import gzip, http.server, json, socket, sys, threading
sys.path.insert(0, "/skill")
import fetch, program

class Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        where = self.path
        headers, status, body = {"Content-Type": "text/html; charset=utf-8"}, 200, b""
        if where == "/moved":
            status, headers["Location"] = 301, "/article"
        elif where == "/inside":
            status, headers["Location"] = 302, "http://169.254.169.254/latest/meta-data"
        elif where == "/loop":
            status, headers["Location"] = 302, "/loop"
        elif where == "/article":
            headers["Content-Encoding"] = "gzip"
            body = gzip.compress("<title>T</title><main><h1>Grüße</h1><p>Text of the article.</p></main>".encode())
        elif where == "/bomb":
            headers["Content-Encoding"] = "gzip"
            body = gzip.compress(bytes(50_000_000))
        elif where == "/data.bin":
            headers["Content-Type"] = "application/octet-stream"
            body = bytes(range(256))
        else:
            status = 404
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
threading.Thread(target=server.serve_forever, daemon=True).start()
connect = socket.create_connection
known = {"site.example": "93.184.215.14", "inside.example": "10.0.0.5", "mapped.example": "::ffff:127.0.0.1"}

def look_up(host, port, *_, **__):
    if host in known or host[0].isdigit():
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (known.get(host, host), port))]
    raise socket.gaierror()

socket.getaddrinfo = look_up
def connect_there(address, timeout):
    assert address[0] == "93.184.215.14", address
    return connect(server.server_address, timeout)
socket.create_connection = connect_there
program.run(fetch.main)
`;

describe('the bundled skill that fetches', function () {
  this.timeout(120_000);
  let rig: BundledRig;

  before(function () {
    rig = createBundledRig(dockerHostOrSkip(this));
  });
  after(() => rig?.close());

  it('follows what is public and nothing else', async () => {
    const fetch = async (call: JsonObject): Promise<string> => {
      const { stdout, stderr } = await rig.python('web-fetch', smallWeb, JSON.stringify(call));
      return stdout + stderr;
    };
    const site = 'http://site.example';
    assert.equal(
      await fetch({ url: `${site}/moved` }),
      `From ${site}/article:\n\n# Grüße\n\nText of the article.\n`,
    );
    assert.match(
      await fetch({ url: `${site}/inside` }),
      /^169\.254\.169\.254 is in a private network[^\n]*\n$/,
    );
    assert.match(await fetch({ url: 'http://inside.example/' }), /^inside\.example is in a private network/);
    assert.match(await fetch({ url: 'http://mapped.example/' }), /^mapped\.example is in a private network/);
    assert.match(await fetch({ url: `${site}/loop` }), /^the page redirects more than 5 times\n$/);
    assert.match(await fetch({ url: `${site}/bomb` }), /^the page has more than 5 MB; nothing was kept\n$/);
    assert.match(await fetch({ url: `${site}/gone` }), /answers 404/);
    assert.match(await fetch({ url: `${site}/data.bin` }), /is application\/octet-stream, not text/);
    assert.match(
      await fetch({ url: `${site}/data.bin`, raw: true, output: 'data.bin' }),
      /Wrote `data\.bin`: 256 bytes/,
    );
    assert.equal(rig.bytes('data.bin').length, 256);
    for (const url of [
      'file:///etc/passwd',
      'ftp://site.example/',
      'http://a:b@site.example/',
      'http://',
      'x',
    ]) {
      assert.match(await fetch({ url }), /^[^\n]*(not a web address|is refused)[^\n]*\n$/);
    }
  });
});

/** The body of a Bot API request: fields, and uploaded files by field. */
export interface FakeUpload {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface FakePayload {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly files: Readonly<Record<string, FakeUpload>>;
}

/** Multipart and form fields are text; objects, numbers and booleans are written as JSON in it. */
const fieldValue = (text: string): unknown => {
  if (!/^(?:[[{]|-?\d+$|true$|false$)/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

const header = (headers: string, name: string): string | undefined => {
  const match = new RegExp(`[; ]${name}=(?:"([^"]*)"|([^;\\r\\n]*))`, 'i').exec(headers);
  return match?.[1] ?? match?.[2];
};

const parseMultipart = (body: Buffer, boundary: string): FakePayload => {
  const separator = Buffer.from(`--${boundary}`);
  const texts: Record<string, unknown> = {};
  const parts: Record<string, FakeUpload> = {};
  let at = body.indexOf(separator);
  while (at >= 0) {
    const start = at + separator.length + 2;
    const next = body.indexOf(separator, start);
    if (next < 0) break;
    const headEnd = body.indexOf('\r\n\r\n', start);
    const headers = body.toString('utf8', start, headEnd);
    const content = body.subarray(headEnd + 4, next - 2);
    const name = header(headers, 'name') ?? '';
    const fileName = header(headers, 'filename');
    if (fileName === undefined) texts[name] = fieldValue(content.toString('utf8'));
    else parts[name] = { name: fileName, bytes: Uint8Array.from(content) };
    at = next;
  }
  const files: Record<string, FakeUpload> = {};
  for (const [field, value] of Object.entries(texts)) {
    const part =
      typeof value === 'string' && value.startsWith('attach://') ? parts[value.slice(9)] : undefined;
    if (part !== undefined) files[field] = part;
  }
  return { fields: texts, files: { ...parts, ...files } };
};

/** @throws what JSON.parse throws */
export const parseBotApiBody = (body: Buffer, contentType: string): FakePayload => {
  if (contentType.startsWith('multipart/form-data'))
    return parseMultipart(body, header(contentType, 'boundary') ?? '');
  if (contentType.startsWith('application/x-www-form-urlencoded')) {
    const entries = [...new URLSearchParams(body.toString('utf8'))];
    return { fields: Object.fromEntries(entries.map(([key, text]) => [key, fieldValue(text)])), files: {} };
  }
  const text = body.toString('utf8');
  const parsed: unknown = text === '' ? {} : JSON.parse(text);
  const isObject = typeof parsed === 'object' && parsed !== null;
  return { fields: isObject ? Object.fromEntries(Object.entries(parsed)) : {}, files: {} };
};

// How requests reach the office: by the browser itself, or, on a phone's page, by the bridge, which replaces these.
export const carrier = {
  fetch: (url, options) => fetch(url, options),

  // PUT with progress(bytes sent). Gives {answer, abort()}; the answer resolves to {status, text, header(name)}, or throws
  // {code: "network"}.
  put(url, headers, body, progress) {
    const request = new XMLHttpRequest();
    request.open("PUT", url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => progress(event.loaded);
    const answer = new Promise((resolve, reject) => {
      request.onload = () => resolve({ status: request.status, text: request.responseText, header: (name) => request.getResponseHeader(name) });
      request.onerror = () => reject({ code: "network" });
      request.onabort = () => reject({ code: "aborted" });
      request.send(body);
    });
    return { answer, abort: () => request.abort() };
  },
};

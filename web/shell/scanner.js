// Reads a QR code with the camera: BarcodeDetector where the browser has it, else jsQR, on frames of half
// their size and whole ones by turns.
import { element } from "./dom.js";
import { say } from "./words.js";

const widest = 640;

async function reader() {
  if ("BarcodeDetector" in globalThis) {
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    return async (video) => (await detector.detect(video))[0]?.rawValue ?? null;
  }
  await import("./jsqr.js");
  let turn = 0;
  const canvas = document.createElement("canvas"), drawing = canvas.getContext("2d", { willReadFrequently: true });
  return (video) => {
    // Half size forgives a noisy picture, the whole one shows a small or a dense code: by turns.
    const scale = Math.min(turn++ % 2 ? 1 : 0.5, widest / video.videoWidth);
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    drawing.drawImage(video, 0, 0, canvas.width, canvas.height);
    const frame = drawing.getImageData(0, 0, canvas.width, canvas.height);
    return globalThis.jsQR(frame.data, frame.width, frame.height, { inversionAttempts: "dontInvert" })?.data || null;
  };
}

// Resolves to the text of the first code for which `wanted(text)` is true; null: the person gave up. Throws {code: "cameraRefused" |
// "cameraAbsent"}.
export async function scan(wanted) {
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: { ideal: "environment" } } });
  } catch (error) {
    throw { code: error?.name === "NotAllowedError" ? "cameraRefused" : "cameraAbsent" };
  }
  const video = element("video", { muted: true, autoplay: true, playsInline: true, "aria-hidden": "true" });
  const hint = element("p", { role: "status" }, say("scanning"));
  const dialog = element("dialog.scanner", { "aria-label": say("scanning") }, video, hint, element("button.button", { type: "button", onclick: () => dialog.close() }, say("cancel")));
  document.body.append(dialog);
  dialog.showModal();
  video.srcObject = stream;
  try {
    await video.play();
    const read = await reader();
    while (dialog.open) {
      const text = video.videoWidth ? await read(video) : null;
      if (text && wanted(text)) return text;
      if (text) hint.textContent = say("notACode");
      await new Promise((next) => setTimeout(next, 60));
    }
    return null;
  } finally {
    for (const track of stream.getTracks()) track.stop();
    dialog.remove();
  }
}

// What a service's host says itself, in the browser's language, and the pages that say it.
const all = {
  en: {
    opening: "Opening…", alone: "This is a web application of your office", aloneText: "It opens inside Drawbridge, where this phone’s connection to the office is.", open: "Open it in Drawbridge",
    unreachable: "The application does not answer just now", unreachableText: "Where the line at the top says connected, its program at the office is not running: ask the office. Otherwise that line says what helps.", again: "Try again",
    notOpen: "This service is not open for this phone", notOpenText: "Ask the office to allow it.", noWorker: "This browser does not let services work", noWorkerText: "Leave private browsing, allow storage for this site, or update the browser.",
    signIn: "Sign in", signInText: "“{realm}” asks for a name and a password.", wrong: "They were not accepted.", user: "Name", password: "Password",
    notFollowed: "This came from another page and was not sent", notFollowedText: "Do it again inside the application.",
  },
  fr: {
    opening: "Ouverture…", alone: "Ceci est une application web de votre bureau", aloneText: "Elle s’ouvre dans Drawbridge, où se trouve la connexion de ce téléphone avec le bureau.", open: "L’ouvrir dans Drawbridge",
    unreachable: "L’application ne répond pas pour l’instant", unreachableText: "Si la ligne du haut dit connecté, son programme ne tourne pas au bureau : demandez au bureau. Sinon cette ligne dit ce qui aide.", again: "Réessayer",
    notOpen: "Ce service n’est pas ouvert pour ce téléphone", notOpenText: "Demandez au bureau de l’autoriser.", noWorker: "Ce navigateur ne laisse pas fonctionner les services", noWorkerText: "Quittez la navigation privée, autorisez le stockage pour ce site, ou mettez le navigateur à jour.",
    signIn: "Se connecter", signInText: "« {realm} » demande un nom et un mot de passe.", wrong: "Ils n’ont pas été acceptés.", user: "Nom", password: "Mot de passe",
    notFollowed: "Ceci venait d’une autre page et n’a pas été envoyé", notFollowedText: "Refaites-le dans l’application.",
  },
  es: {
    opening: "Abriendo…", alone: "Esta es una aplicación web de su oficina", aloneText: "Se abre dentro de Drawbridge, donde está la conexión de este teléfono con la oficina.", open: "Abrirla en Drawbridge",
    unreachable: "La aplicación no responde ahora", unreachableText: "Si la línea de arriba dice conectado, su programa en la oficina no funciona: pregunte a la oficina. Si no, esa línea dice qué ayuda.", again: "Reintentar",
    notOpen: "Este servicio no está abierto para este teléfono", notOpenText: "Pida a la oficina que lo permita.", noWorker: "Este navegador no deja funcionar los servicios", noWorkerText: "Salga de la navegación privada, permita el almacenamiento para este sitio o actualice el navegador.",
    signIn: "Iniciar sesión", signInText: "«{realm}» pide un nombre y una contraseña.", wrong: "No se aceptaron.", user: "Nombre", password: "Contraseña",
    notFollowed: "Esto venía de otra página y no se envió", notFollowedText: "Hágalo de nuevo dentro de la aplicación.",
  },
};

let spoken = navigator.language;
/** The language of the phone's page, where a worker would not know it. */
export const speak = (language) => { if (language in all) spoken = language; };

export function say(key, values = {}) {
  const words = all[spoken.slice(0, 2)] ?? all.en;
  return words[key].replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

const asText = (text) => text.replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);

function page(status, heading, inside) {
  const html = `<!doctype html><html lang="${asText(spoken)}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>${asText(heading)}</title>`
    + `<link rel="stylesheet" href="/.drawbridge/service.css"><script src="/.drawbridge/shim.js"></script></head><body><main><h1>${asText(heading)}</h1>${inside}</main></body></html>`;
  return new Response(html, { status, headers: {
    "content-type": "text/html; charset=utf-8", "cache-control": "no-store", "referrer-policy": "same-origin",
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; form-action 'self'; base-uri 'none'",
  } });
}

// A reload, so that a form is not sent again unasked.
export const failurePage = (what, path) => page(502, say(what), `<p>${asText(say(`${what}Text`))}</p><a class="button" href="${asText(path)}">${asText(say("again"))}</a>`);

export const signInPage = (realm, path, wrong) => page(401, say("signIn"), `<p>${asText(say("signInText", { realm: realm.slice(0, 100) }))}</p>${wrong ? `<p class="wrong" role="alert">${asText(say("wrong"))}</p>` : ""}`
  + `<form method="post" action="/.drawbridge/sign-in"><input type="hidden" name="to" value="${asText(path)}"><label>${asText(say("user"))}<input name="user" autocomplete="username" autocapitalize="none" required></label>`
  + `<label>${asText(say("password"))}<input name="password" type="password" autocomplete="current-password"></label><button>${asText(say("signIn"))}</button></form>`);

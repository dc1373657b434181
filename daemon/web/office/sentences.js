// What the daemon says in English, in the page's language: [English, French, Spanish]. {x} stands for what the daemon puts
// there; what is in it is looked up, too. The daemon is the page's own, so the English is known to the letter:
// tests/web/office_words_test.mjs reads it in the sources, and fails where a sentence has no line here.
import { language } from "../speech.js";

const sentences = [
  // Why a device is reached as it is, or not at all: protocol/traversal/diagnosis_words.cpp.
  ["Connected directly.", "Connecté directement.", "Conectado directamente."],
  ["Connected through a relay, because this network lets only web traffic out.", "Connecté par un relais, car ce réseau ne laisse sortir que le trafic web.", "Conectado por un relé, porque esta red solo deja salir tráfico web."],
  ["Connected through a relay, because the network of the device lets only web traffic out.", "Connecté par un relais, car le réseau de l’appareil ne laisse sortir que le trafic web.", "Conectado por un relé, porque la red del dispositivo solo deja salir tráfico web."],
  ["Connected through a relay, because the direct path is slower or loses more.", "Connecté par un relais, car le chemin direct est plus lent ou perd davantage.", "Conectado por un relé, porque el camino directo es más lento o pierde más."],
  ["Connected through a relay, because one end has only IPv4 and the other only IPv6.", "Connecté par un relais, car un côté n’a qu’IPv4 et l’autre qu’IPv6.", "Conectado por un relé, porque un extremo solo tiene IPv4 y el otro solo IPv6."],
  ["Connected through a relay; a direct path is still being tried.", "Connecté par un relais ; un chemin direct est encore à l’essai.", "Conectado por un relé; aún se prueba un camino directo."],
  ["Connected through a relay, because the routers of both networks change the way back with every destination.", "Connecté par un relais, car les routeurs des deux réseaux changent le chemin de retour à chaque destination.", "Conectado por un relé, porque los routers de ambas redes cambian el camino de vuelta con cada destino."],
  ["Connected through a relay, because this network's router changes the way back with every destination and the other end's router lets nobody else in.", "Connecté par un relais, car le routeur de ce réseau change le chemin de retour à chaque destination et celui de l’autre côté ne laisse entrer personne d’autre.", "Conectado por un relé, porque el router de esta red cambia el camino de vuelta con cada destino y el del otro extremo no deja entrar a nadie más."],
  ["Connected through a relay, because the router of the device changes the way back with every destination and this network's router lets nobody else in.", "Connecté par un relais, car le routeur de l’appareil change le chemin de retour à chaque destination et celui de ce réseau ne laisse entrer personne d’autre.", "Conectado por un relé, porque el router del dispositivo cambia el camino de vuelta con cada destino y el de esta red no deja entrar a nadie más."],
  ["Connected through a relay, because what is sent directly does not arrive: a firewall or router on the way keeps it.", "Connecté par un relais, car ce qui est envoyé directement n’arrive pas : un pare-feu ou un routeur en chemin le retient.", "Conectado por un relé, porque lo que se envía directamente no llega: un cortafuegos o un router lo retiene en el camino."],
  ["This device was revoked.", "Cet appareil a été révoqué.", "Este dispositivo fue revocado."],
  ["This computer has no network.", "Cet ordinateur n’a pas de réseau.", "Este ordenador no tiene red."],
  ["This computer and the device have no common version of Drawbridge.", "Cet ordinateur et l’appareil n’ont pas de version commune de Drawbridge. Mettez à jour le plus ancien.", "Este ordenador y el dispositivo no tienen una versión común de Drawbridge. Actualice el más antiguo."],
  ["Connecting.", "Connexion en cours.", "Conectando."],
  ["The relay passes less on than is sent: its quota for the device or for this computer is used up.", "Le relais transmet moins que ce qui est envoyé : son quota pour l’appareil ou pour cet ordinateur est épuisé.", "El relé transmite menos de lo que se envía: su cuota para el dispositivo o para este ordenador está agotada."],
  ["The device is off, asleep or without a network.", "L’appareil est éteint, en veille ou sans réseau.", "El dispositivo está apagado, en reposo o sin red."],
  ["The device is at the relay and does not answer.", "L’appareil est joint au relais et ne répond pas.", "El dispositivo está en el relé y no responde."],
  ["The device's newest attempt was turned away.", "Le dernier essai de l’appareil a été refusé.", "El último intento del dispositivo fue rechazado."],
  ["This computer's clock shows a time before it was paired.", "L’horloge de cet ordinateur montre une heure d’avant l’association. Mettez-la à l’heure.", "El reloj de este ordenador muestra una hora anterior a la vinculación. Póngalo en hora."],
  ["This network shows a web page in the relay's place: it wants somebody to sign in first.", "Ce réseau montre une page web à la place du relais : il veut que quelqu’un s’y identifie d’abord.", "Esta red muestra una página web en lugar del relé: quiere que alguien inicie sesión primero."],
  ["Nothing that this computer sends is answered.", "Rien de ce que cet ordinateur envoie ne reçoit de réponse.", "Nada de lo que este ordenador envía recibe respuesta."],
  ["The relay's name is not found.", "Le nom du relais est introuvable.", "No se encuentra el nombre del relé."],
  ["The relay does not answer.", "Le relais ne répond pas.", "El relé no responde."],
  ["The device is off, asleep or in another network.", "L’appareil est éteint, en veille ou dans un autre réseau.", "El dispositivo está apagado, en reposo o en otra red."],

  // Why a service does not answer: daemon/services, daemon/folder.
  ["The service's program at {host} port {port} does not accept datagrams.", "Le programme du service, {host}, port {port}, n’accepte pas de datagrammes.", "El programa del servicio en {host}, puerto {port}, no acepta datagramas."],
  ["The service's program at {host} port {port} does not accept connections.", "Le programme du service, {host}, port {port}, n’accepte pas de connexions.", "El programa del servicio en {host}, puerto {port}, no acepta conexiones."],
  ["The service's program at {path} does not accept connections.", "Le programme du service, {path}, n’accepte pas de connexions.", "El programa del servicio en {path} no acepta conexiones."],
  ["The service's program at {host} port {port} does not answer.", "Le programme du service, {host}, port {port}, ne répond pas.", "El programa del servicio en {host}, puerto {port}, no responde."],
  ["The service's program at {path} does not answer.", "Le programme du service, {path}, ne répond pas.", "El programa del servicio en {path} no responde."],
  ["The service's program at {host} port {port} cannot be reached: {why}.", "Le programme du service, {host}, port {port}, est injoignable : {why}.", "No se puede acceder al programa del servicio en {host}, puerto {port}: {why}."],
  ["The service's program at {path} cannot be reached: {why}.", "Le programme du service, {path}, est injoignable : {why}.", "No se puede acceder al programa del servicio en {path}: {why}."],
  ["The name {host} of the service's program is not known.", "Le nom {host} du programme du service est inconnu.", "El nombre {host} del programa del servicio no se conoce."],
  ["This office does not serve this itself.", "Ce bureau ne sert pas cela lui-même.", "Esta oficina no sirve esto por sí misma."],
  ["This service's command does not run.", "La commande de ce service ne tourne pas.", "La orden de este servicio no está en marcha."],
  ["The command was started and does not listen yet, neither at port {port} nor at its socket.", "La commande est lancée et n’écoute pas encore, ni au port {port} ni à son socket.", "La orden se inició y aún no escucha, ni en el puerto {port} ni en su socket."],
  ["The command ended with code {code}; it said last: {line}", "La commande s’est terminée avec le code {code} ; ses derniers mots : {line}", "La orden terminó con el código {code}; lo último que dijo: {line}"],
  ["The command ended with code {code}.", "La commande s’est terminée avec le code {code}.", "La orden terminó con el código {code}."],
  ["The command was ended by signal {signal}; it said last: {line}", "La commande a été arrêtée par le signal {signal} ; ses derniers mots : {line}", "La orden fue terminada por la señal {signal}; lo último que dijo: {line}"],
  ["The command was ended by signal {signal}.", "La commande a été arrêtée par le signal {signal}.", "La orden fue terminada por la señal {signal}."],
  ["The command cannot be started: {why}.", "La commande ne peut pas être lancée : {why}.", "La orden no se puede iniciar: {why}."],
  ["No pipe for a command: {why}.", "La commande ne peut pas être lancée : {why}.", "La orden no se puede iniciar: {why}."],
  ["Its folder {folder} cannot be made: {why}.", "Son dossier {folder} ne peut pas être créé : {why}.", "No se puede crear su carpeta {folder}: {why}."],
  ["The folder cannot be served: {why}.", "Le dossier ne peut pas être servi : {why}.", "La carpeta no se puede servir: {why}."],
  ["No connection to the folder: {why}.", "Pas de connexion au dossier : {why}.", "No hay conexión con la carpeta: {why}."],
  ["Too many connections to this folder are open.", "Trop de connexions à ce dossier sont ouvertes.", "Hay demasiadas conexiones abiertas a esta carpeta."],
  ["This device has too many connections to the page open.", "Cet appareil a trop de connexions ouvertes à la page.", "Este dispositivo tiene demasiadas conexiones abiertas a la página."],

  // What the system says of it: strerror.
  ["Connection refused", "connexion refusée", "conexión rechazada"], ["Permission denied", "accès interdit", "acceso denegado"], ["No such file or directory", "introuvable", "no existe"],
  ["Network is unreachable", "réseau injoignable", "red inaccesible"], ["No route to host", "aucun chemin vers cet ordinateur", "ningún camino hasta ese ordenador"], ["Connection reset by peer", "connexion coupée par l’autre côté", "conexión cortada por el otro lado"],
  ["Too many open files", "trop de fichiers ouverts", "demasiados archivos abiertos"], ["Cannot allocate memory", "mémoire insuffisante", "memoria insuficiente"], ["Resource temporarily unavailable", "pas disponible pour le moment", "no disponible por ahora"],
  ["No space left on device", "disque plein", "disco lleno"], ["Read-only file system", "disque en lecture seule", "disco de solo lectura"], ["Not a directory", "ce n’est pas un dossier", "no es una carpeta"],

  // A forwarded address: daemon/nat/fixed_addresses.cpp.
  ["The name {host} was not found.", "Le nom {host} n’a pas été trouvé.", "No se encontró el nombre {host}."],

  // What is wrong with what was typed. Targets: daemon/services/target.cpp, daemon/admin/service_commands.cpp.
  ["There is no folder {path}.", "Il n’y a pas de dossier {path}.", "No hay ninguna carpeta {path}."],
  ["Drawbridge may not read the folder {path}.", "Drawbridge n’a pas le droit de lire le dossier {path}.", "Drawbridge no tiene permiso para leer la carpeta {path}."],
  // What an upgrade did to the state: protocol/upgrade.cpp.
  ["state {from} to {to}: dates completed of {some} of {all} revocations", "état de la version {from} à la version {to} : dates complétées pour {some} révocations sur {all}", "estado de la versión {from} a la {to}: fechas completadas de {some} de {all} revocaciones"],
  ["The key of this computer lies in the folder {path}.", "La clé de cet ordinateur se trouve dans le dossier {path}.", "La clave de este ordenador está en la carpeta {path}."],
  ["Share a folder that does not hold {path}.", "Partagez un dossier qui ne contient pas {path}.", "Comparta una carpeta que no contenga {path}."],
  ["Programs of this office run in the folder {path}.", "Des programmes de ce bureau tournent dans le dossier {path}.", "En la carpeta {path} se ejecutan programas de esta oficina."],
  ["Share a folder of your own.", "Partagez un dossier à vous.", "Comparta una carpeta propia."],
  ["Whoever reaches this socket controls this computer's Drawbridge.", "Qui atteint ce socket commande le Drawbridge de cet ordinateur.", "Quien alcanza este socket controla el Drawbridge de este ordenador."],
  ["To control an office from a device, expose its page: drawbridge expose admin office-page", "Pour commander un bureau depuis un appareil, partagez sa page : drawbridge expose admin office-page", "Para controlar una oficina desde un dispositivo, comparta su página: drawbridge expose admin office-page"],
  ["'{path}' is not an absolute path.", "« {path} » n’est pas un chemin complet, qui commence par /.", "«{path}» no es una ruta completa, que empieza por /."],
  ["The path of a Unix socket has at most 107 characters.", "Le chemin d’un socket Unix a au plus 107 caractères.", "La ruta de un socket Unix tiene como máximo 107 caracteres."],
  ["'{text}' has no port.", "Il manque un port à « {text} ».", "A «{text}» le falta un puerto."],
  ["An IPv6 address stands in brackets: {address}.", "Une adresse IPv6 s’écrit entre crochets : {address}.", "Una dirección IPv6 se escribe entre corchetes: {address}."],
  ["'{text}' is not a host name or address.", "« {text} » n’est ni un nom d’ordinateur ni une adresse.", "«{text}» no es un nombre de ordenador ni una dirección."],
  ["'{text}' is not a port (1 to 65535).", "« {text} » n’est pas un port (1 à 65535).", "«{text}» no es un puerto (1 a 65535)."],
  ["A command is one line with a program's name.", "Une commande est une ligne avec le nom d’un programme.", "Una orden es una línea con el nombre de un programa."],
  ["'{text}' names a path; a service is a whole site.", "« {text} » nomme un chemin ; un service est un site entier.", "«{text}» nombra una ruta; un servicio es un sitio entero."],
  ["The target is too long.", "C’est trop long.", "Es demasiado largo."],
  ["A service cannot be an https: target.", "Un service ne peut pas être en https : prenez le port sans chiffrement du programme.", "Un servicio no puede ser https: use el puerto sin cifrar del programa."],
  ["An http target begins with http://.", "Une adresse web commence par http://.", "Una dirección web empieza por http://."],
  ["That target is too long, or not text.", "C’est trop long, ou ce n’est pas du texte.", "Es demasiado largo, o no es texto."],
  // Names: protocol/node_requests.cpp. Arguments: daemon/admin/arguments.cpp, rfc3339.cpp.
  ["That name cannot be used.", "Ce nom n’est pas possible : 1 à 64 caractères, sur une ligne.", "Ese nombre no es posible: de 1 a 64 caracteres, en una línea."],
  ["That is not a service's name.", "Ce n’est pas un nom de service : 1 à 32 lettres minuscules, chiffres et tirets.", "No es un nombre de servicio: de 1 a 32 letras minúsculas, cifras y guiones."],
  ["An invitation is valid for at most seven days.", "Un code vaut au plus sept jours.", "Un código vale como máximo siete días."],
  ["The argument '{name}' must be a text that is not empty.", "Il manque quelque chose : un champ est vide.", "Falta algo: hay un campo vacío."],
  ["The argument '{name}' must not be empty.", "Il manque quelque chose : rien n’est choisi.", "Falta algo: no hay nada elegido."],
  ["The argument '{name}' {fault}.", "La page a envoyé un champ « {name} » que le bureau ne comprend pas. Rechargez-la.", "La página envió un campo «{name}» que la oficina no entiende. Vuelva a cargarla."],
  ["'{text}' is not a time.", "« {text} » n’est pas une date.", "«{text}» no es una fecha."],
  ["'{text}' can mean several: {list}.", "« {text} » peut désigner plusieurs choses : {list}.", "«{text}» puede referirse a varias cosas: {list}."],
  // Relays: protocol/relay/relay_url.cpp, protocol/node_relays.cpp, keys/device_id.cpp.
  ["This is too long for the URL of a relay.", "C’est trop long pour l’adresse d’un relais.", "Es demasiado largo para la dirección de un relé."],
  ["This is not the URL of a relay.", "Ce n’est pas l’adresse d’un relais : elle commence par wss:// ou udp://.", "No es la dirección de un relé: empieza por wss:// o udp://."],
  ["The relay's key is missing after #.", "Il manque la clé du relais après #.", "Falta la clave del relé después de #."],
  ["The relay's address lacks its closing bracket.", "Il manque le crochet fermant à l’adresse du relais.", "A la dirección del relé le falta el corchete de cierre."],
  ["The relay's port is not a number.", "Le port du relais n’est pas un nombre.", "El puerto del relé no es un número."],
  ["The relay's port is not a number from 1 to 65535.", "Le port du relais n’est pas un nombre de 1 à 65535.", "El puerto del relé no es un número de 1 a 65535."],
  ["The relay's host name is not one.", "Le nom du relais n’en est pas un.", "El nombre del relé no es válido."],
  ["{host} is not an address that others can reach.", "{host} n’est pas une adresse que d’autres peuvent joindre.", "{host} no es una dirección accesible para otros."],
  ["A udp:// relay has no path.", "L’adresse d’un relais udp:// n’a pas de chemin.", "La dirección de un relé udp:// no tiene ruta."],
  ["The relay's path has characters that do not belong there.", "Le chemin du relais a des caractères qui n’y ont pas leur place.", "La ruta del relé tiene caracteres que no corresponden."],
  ["That token is too long.", "Ce jeton est trop long.", "Esa ficha es demasiado larga."],
  ["In the relay's key: {why}", "Dans la clé du relais : {why}", "En la clave del relé: {why}"],
  ["The {nth} group of the device id does not have 7 characters.", "Le {nth} groupe n’a pas 7 caractères.", "El {nth} grupo no tiene 7 caracteres."],
  ["The {nth} group of the device id ({text}) has a typo.", "Le {nth} groupe ({text}) a une faute de frappe.", "El {nth} grupo ({text}) tiene una errata."],
  ["A device id has 63 characters in nine groups; this one has another length.", "Une clé a 63 caractères en neuf groupes ; celle-ci a une autre longueur.", "Una clave tiene 63 caracteres en nueve grupos; esta tiene otra longitud."],
  ["The device id has several typos; they cannot be located.", "La clé a plusieurs fautes de frappe, impossibles à situer.", "La clave tiene varias erratas, que no se pueden localizar."],
  ["first", "premier", "primer"], ["second", "deuxième", "segundo"], ["third", "troisième", "tercer"], ["fourth", "quatrième", "cuarto"], ["fifth", "cinquième", "quinto"],
  ["sixth", "sixième", "sexto"], ["seventh", "septième", "séptimo"], ["eighth", "huitième", "octavo"], ["ninth", "neuvième", "noveno"],
  // Forwarded addresses: protocol/traversal/fixed_address.cpp.
  ["This is too long for an address.", "C’est trop long pour une adresse.", "Es demasiado largo para una dirección."],
  ["The port is missing.", "Il manque le port.", "Falta el puerto."],
  ["The port is not a number from 1 to 65535.", "Le port n’est pas un nombre de 1 à 65535.", "El puerto no es un número de 1 a 65535."],
  ["No other computer reaches this one by that name.", "Aucun autre ordinateur ne joint celui-ci sous ce nom.", "Ningún otro ordenador accede a este con ese nombre."],
  ["'{text}' is neither a name nor an address.", "« {text} » n’est ni un nom ni une adresse.", "«{text}» no es un nombre ni una dirección."],
  ["No other computer reaches this one at that address.", "Aucun autre ordinateur ne joint celui-ci à cette adresse.", "Ningún otro ordenador accede a este en esa dirección."],

  // What the audit trail notes, and what is wrong with it: protocol/peer_*.cpp, protocol/audit/audit_record.cpp, daemon/admin/audit_verify.cpp.
  ["direct {address}", "directement, {address}", "directamente, {address}"],
  ["relayed by {relay}", "relayé par {relay}", "por relé, {relay}"],
  ["{reason} ({count})", "{reason} ({count} fois)", "{reason} ({count} veces)"],
  ["another device tried an invitation that is in use", "un autre appareil a essayé un code déjà utilisé", "otro dispositivo probó un código ya usado"],
  ["wrong words for a short code, tries left: {count}", "mauvais mots pour un code court, essais restants : {count}", "palabras incorrectas para un código corto, intentos restantes: {count}"],
  ["a program of {user} tried {address}, {count} in all", "un programme de {user} a essayé {address}, {count} fois en tout", "un programa de {user} probó {address}, {count} veces en total"],
  ["{reason}, {count} in all", "{reason}, {count} fois en tout", "{reason}, {count} veces en total"],
  ["not granted", "sans droit", "sin derecho"],
  ["revoked device knocked", "un appareil révoqué a frappé", "llamó un dispositivo revocado"],
  ["records up to {number}", "entrées jusqu’à {number}", "entradas hasta la {number}"],
  ["record {number} is damaged", "l’entrée {number} est abîmée", "la entrada {number} está dañada"],
  ["a record is missing before record {number}", "une entrée manque avant l’entrée {number}", "falta una entrada antes de la entrada {number}"],
  ["a record before record {number} was changed", "une entrée avant l’entrée {number} a été changée", "se cambió una entrada anterior a la entrada {number}"],
  ["record {number}", "entrée {number}", "entrada {number}"],
  ["the checkpoint in the place of pruned records is damaged, or not signed by this office", "le point de contrôle qui remplace d’anciennes entrées est abîmé, ou n’est pas signé par ce bureau", "el punto de control que sustituye entradas antiguas está dañado, o no está firmado por esta oficina"],
  ["the trail does not hold the noted head {number}", "le journal ne contient pas l’entrée notée {number}", "el registro no contiene la entrada anotada {number}"],
  ["misbehaved: {fault}", "a enfreint les règles : {fault}", "incumplió las reglas: {fault}"],
];

// Short codes of the protocol, which say nothing to a person in English either: [code, English, French, Spanish].
const codes = [
  ["rate", "too many tries in a short time", "trop d’essais en peu de temps", "demasiados intentos en poco tiempo"],
  ["key", "its key is not the one that was paired", "sa clé n’est pas celle qui fut associée", "su clave no es la que se vinculó"],
  ["counter_behind", "its counter is behind, as after a restored backup", "son compteur est en retard, comme après une sauvegarde restaurée", "su contador está atrasado, como tras restaurar una copia de seguridad"],
  ["busy", "too many devices were connecting at once", "trop d’appareils se connectaient à la fois", "demasiados dispositivos se conectaban a la vez"],
  ["disk_refused", "the office’s disk could not note it", "le disque du bureau n’a pas pu le noter", "el disco de la oficina no pudo anotarlo"],
  ["aborted", "broken off", "interrompu", "interrumpido"],
  ["no_such_service", "no such service", "ce service n’existe pas", "ese servicio no existe"],
  ["target_refused", "its program does not accept connections", "son programme n’accepte pas de connexions", "su programa no acepta conexiones"],
  ["target_unreachable", "its program does not answer", "son programme ne répond pas", "su programa no responde"],
  ["target_failed", "its program could not be reached", "son programme était injoignable", "no se pudo acceder a su programa"],
  ["revoked", "access was ended", "l’accès a pris fin", "el acceso terminó"],
  ["too_many", "too many connections at once", "trop de connexions à la fois", "demasiadas conexiones a la vez"],
  ["connection_lost", "the connection ended", "la connexion a pris fin", "la conexión terminó"],
  ["grant_ended", "the right ended", "le droit a pris fin", "el derecho terminó"],
  ["closed", "connection closed", "connexion fermée", "conexión cerrada"],
  ["restarting", "Drawbridge started anew there", "Drawbridge y redémarrait", "Drawbridge se reiniciaba allí"],
];

const columns = { en: 0, fr: 1, es: 2 };
const kinds = { count: "(\\d+)", number: "(\\d+)", reason: "([a-z_]+)" };
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

function reader([english, ...others]) {
  const names = [...english.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  const pattern = new RegExp(`^${english.split(/\{(\w+)\}/).map((part, at) => (at % 2 ? kinds[part] ?? "(.+?)" : escaped(part))).join("")}$`, "s");
  return { names, pattern, texts: [english, ...others] };
}
const readers = sentences.map(reader);

/** The daemon's sentence in a language; null if it is not known. */
export function translated(text, to) {
  const code = codes.find(([name]) => name === text);
  if (code) return code[1 + columns[to]];
  for (const { names, pattern, texts } of readers) {
    const found = pattern.exec(text);
    if (!found) continue;
    const values = Object.fromEntries(names.map((name, at) => [name, translated(found[1 + at], to) ?? found[1 + at]]));
    return texts[columns[to]].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  }
  return null;
}

/** The daemon's sentence as the page says it; what is not known, as it came. */
export const inWords = (text) => translated(text, language) ?? text;

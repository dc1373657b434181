// The page's words in the browser's language. {x} is filled in by say().
import { speaker } from "./speech.js";

const english = {
  search: "Search in this folder", searchShort: "Search", upload: "Upload", newFolder: "New folder", name: "Name", size: "Size", modified: "Modified",
  empty: "This folder is empty.", emptyHint: "Drop files here, or choose Upload.", emptyReadOnly: "Nothing has been put here yet.",
  nothingFound: "Nothing here matches “{text}”.", truncated: "There is more here than can be listed. Only the first {count} are shown.",
  more: "More actions for {name}", open: "Open", download: "Download", rename: "Rename", remove: "Delete", cancel: "Cancel", close: "Close", create: "Create",
  previous: "Previous", next: "Next", folderName: "Name of the new folder", newName: "New name of {name}",
  removeTitle: "Delete “{name}”?", removeFile: "The file is deleted at the office, for everyone. This cannot be undone.",
  removeFolder: "The folder is empty. It is deleted at the office, for everyone.",
  removeFullOne: "There is one thing in it. It and all that may be in it are deleted too, at the office, for everyone. This cannot be undone.",
  removeFull: "There are {count} things in it. They and all that is in them are deleted too, at the office, for everyone. This cannot be undone.",
  noPreview: "There is no preview of this kind of file.", textCut: "Only the beginning is shown. Download the file to see all of it.",
  dropHere: "Drop to upload to “{name}”", uploads: "Uploads", uploadsDone: "Uploads finished", waiting: "Waiting", checking: "Starting", sending: "{percent} · {left}",
  paused: "Paused at {percent}", stalled: "The office cannot be reached just now. The upload goes on by itself.", done: "Done", finishing: "Writing to the office’s disk",
  pause: "Pause", resume: "Continue", clear: "Clear the list", leftSeconds: "less than a minute left", leftMinutes: "{count} min left", leftHours: "{count} h left",
  existsTitle: "“{name}” exists already", existsText: "What should happen with the file that you are uploading?", keepBoth: "Keep both", replace: "Replace", skip: "Skip",
  forAll: "Do the same for the other files", skipped: "Skipped", items: "{count} items", oneItem: "1 item", filesUploading: "{count} of {all} uploaded",
  made: "The folder “{name}” was created.", renamed: "Renamed to “{name}”.", removed: "“{name}” was deleted.", uploaded: "“{name}” was uploaded.",
  loading: "Loading", preview: "Preview of {name}", path: "Path", folder: "Folder", tryAgain: "Try again",
  error_not_found: "This is no longer here. It was moved, renamed or deleted.", error_not_allowed: "The office computer does not allow this.",
  error_limit: "The office’s disk is full. Make room there, then try again.", error_already_exists: "There is something of this name already. Choose another name.",
  error_state: "This cannot be done now: it was changed meanwhile, or the folder is not empty.", error_invalid_argument: "The office’s disk does not take this name. Choose another one.",
  error_io: "The office’s disk failed. Try again; if it stays so, tell the office.", error_network: "The office cannot be reached just now. Try again in a moment.",
  error_try_later: "There is too much in it to be deleted at once. Nothing was deleted; delete the folders in it one by one.",
  error_local: "The file on this device can no longer be read. Choose it again.",
};

const french = {
  search: "Rechercher dans ce dossier", searchShort: "Rechercher", upload: "Envoyer", newFolder: "Nouveau dossier", name: "Nom", size: "Taille", modified: "Modifié",
  empty: "Ce dossier est vide.", emptyHint: "Déposez des fichiers ici, ou choisissez Envoyer.", emptyReadOnly: "Rien n’a encore été déposé ici.",
  nothingFound: "Rien ici ne correspond à « {text} ».", truncated: "Il y a ici plus de fichiers que la liste ne peut en montrer. Seuls les {count} premiers sont affichés.",
  more: "Autres actions pour {name}", open: "Ouvrir", download: "Télécharger", rename: "Renommer", remove: "Supprimer", cancel: "Annuler", close: "Fermer", create: "Créer",
  previous: "Précédent", next: "Suivant", folderName: "Nom du nouveau dossier", newName: "Nouveau nom de {name}",
  removeTitle: "Supprimer « {name} » ?", removeFile: "Le fichier est supprimé au bureau, pour tout le monde. C’est définitif.",
  removeFolder: "Le dossier est vide. Il est supprimé au bureau, pour tout le monde.",
  removeFullOne: "Il contient un élément, qui est supprimé aussi avec tout son contenu, au bureau, pour tout le monde. C’est définitif.",
  removeFull: "Il contient {count} éléments, qui sont supprimés aussi avec tout leur contenu, au bureau, pour tout le monde. C’est définitif.",
  noPreview: "Il n’y a pas d’aperçu pour ce type de fichier.", textCut: "Seul le début est affiché. Téléchargez le fichier pour tout voir.",
  dropHere: "Déposez pour envoyer dans « {name} »", uploads: "Envois", uploadsDone: "Envois terminés", waiting: "En attente", checking: "Préparation", sending: "{percent} · {left}",
  paused: "En pause à {percent}", stalled: "Le bureau n’est pas joignable pour le moment. L’envoi reprendra de lui-même.", done: "Terminé", finishing: "Écriture sur le disque du bureau",
  pause: "Pause", resume: "Continuer", clear: "Vider la liste", leftSeconds: "moins d’une minute", leftMinutes: "encore {count} min", leftHours: "encore {count} h",
  existsTitle: "« {name} » existe déjà", existsText: "Que faire du fichier que vous envoyez ?", keepBoth: "Garder les deux", replace: "Remplacer", skip: "Ignorer",
  forAll: "Faire de même pour les autres fichiers", skipped: "Ignoré", items: "{count} éléments", oneItem: "1 élément", filesUploading: "{count} sur {all} envoyés",
  made: "Le dossier « {name} » a été créé.", renamed: "Renommé en « {name} ».", removed: "« {name} » a été supprimé.", uploaded: "« {name} » a été envoyé.",
  loading: "Chargement", preview: "Aperçu de {name}", path: "Chemin", folder: "Dossier", tryAgain: "Réessayer",
  error_not_found: "Ceci n’est plus ici : déplacé, renommé ou supprimé.", error_not_allowed: "L’ordinateur du bureau ne le permet pas.",
  error_limit: "Le disque du bureau est plein. Faites-y de la place, puis réessayez.", error_already_exists: "Ce nom est déjà pris. Choisissez-en un autre.",
  error_state: "Impossible pour le moment : quelque chose a changé entre-temps, ou le dossier n’est pas vide.", error_invalid_argument: "Le disque du bureau n’accepte pas ce nom. Choisissez-en un autre.",
  error_io: "Le disque du bureau a échoué. Réessayez ; si cela persiste, prévenez le bureau.", error_network: "Le bureau n’est pas joignable pour le moment. Réessayez dans un instant.",
  error_try_later: "Il y a trop de choses dedans pour tout supprimer en une fois. Rien n’a été supprimé ; supprimez un à un les dossiers qu’il contient.",
  error_local: "Le fichier ne peut plus être lu sur cet appareil. Choisissez-le de nouveau.",
};

const spanish = {
  search: "Buscar en esta carpeta", searchShort: "Buscar", upload: "Subir", newFolder: "Nueva carpeta", name: "Nombre", size: "Tamaño", modified: "Modificado",
  empty: "Esta carpeta está vacía.", emptyHint: "Suelte archivos aquí o elija Subir.", emptyReadOnly: "Todavía no hay nada aquí.",
  nothingFound: "Nada coincide aquí con «{text}».", truncated: "Hay más archivos de los que la lista puede mostrar. Solo se ven los primeros {count}.",
  more: "Más acciones para {name}", open: "Abrir", download: "Descargar", rename: "Cambiar nombre", remove: "Eliminar", cancel: "Cancelar", close: "Cerrar", create: "Crear",
  previous: "Anterior", next: "Siguiente", folderName: "Nombre de la nueva carpeta", newName: "Nuevo nombre de {name}",
  removeTitle: "¿Eliminar «{name}»?", removeFile: "El archivo se elimina en la oficina, para todos. No se puede deshacer.",
  removeFolder: "La carpeta está vacía. Se elimina en la oficina, para todos.",
  removeFullOne: "Contiene un elemento, que también se elimina con todo su contenido, en la oficina, para todos. No se puede deshacer.",
  removeFull: "Contiene {count} elementos, que también se eliminan con todo su contenido, en la oficina, para todos. No se puede deshacer.",
  noPreview: "No hay vista previa para este tipo de archivo.", textCut: "Solo se muestra el principio. Descargue el archivo para verlo entero.",
  dropHere: "Suelte para subir a «{name}»", uploads: "Subidas", uploadsDone: "Subidas terminadas", waiting: "En espera", checking: "Preparando", sending: "{percent} · {left}",
  paused: "En pausa al {percent}", stalled: "La oficina no está accesible en este momento. La subida continuará sola.", done: "Terminado", finishing: "Escribiendo en el disco de la oficina",
  pause: "Pausar", resume: "Continuar", clear: "Vaciar la lista", leftSeconds: "menos de un minuto", leftMinutes: "quedan {count} min", leftHours: "quedan {count} h",
  existsTitle: "«{name}» ya existe", existsText: "¿Qué hacer con el archivo que está subiendo?", keepBoth: "Conservar ambos", replace: "Reemplazar", skip: "Omitir",
  forAll: "Hacer lo mismo con los demás archivos", skipped: "Omitido", items: "{count} elementos", oneItem: "1 elemento", filesUploading: "{count} de {all} subidos",
  made: "Se creó la carpeta «{name}».", renamed: "Ahora se llama «{name}».", removed: "Se eliminó «{name}».", uploaded: "Se subió «{name}».",
  loading: "Cargando", preview: "Vista previa de {name}", path: "Ruta", folder: "Carpeta", tryAgain: "Reintentar",
  error_not_found: "Esto ya no está aquí: se movió, cambió de nombre o se eliminó.", error_not_allowed: "El ordenador de la oficina no lo permite.",
  error_limit: "El disco de la oficina está lleno. Haga sitio allí y vuelva a intentarlo.", error_already_exists: "Ya hay algo con este nombre. Elija otro.",
  error_state: "No es posible ahora: algo cambió entretanto, o la carpeta no está vacía.", error_invalid_argument: "El disco de la oficina no acepta este nombre. Elija otro.",
  error_io: "El disco de la oficina ha fallado. Inténtelo de nuevo; si sigue así, avise a la oficina.", error_network: "La oficina no está accesible en este momento. Inténtelo en un instante.",
  error_try_later: "Hay demasiado dentro para eliminarlo de una vez. No se eliminó nada; elimine una a una las carpetas que contiene.",
  error_local: "El archivo ya no se puede leer en este dispositivo. Elíjalo de nuevo.",
};

export const all = { en: english, fr: french, es: spanish };

export { language, locale } from "./speech.js";
export const say = speaker(all);

// The sentence for a refusal of the office.
export function sayError(error) {
  const key = `error_${error?.code}`;
  return key in english ? say(key) : say("error_io");
}

// Words around the services of an office, loaded with the first one.
import { all } from "./words.js";

Object.assign(all.en, {
  reload: "Load again", serviceFrame: "Web application {name}", serviceUnknown: "This service is not open for this phone", serviceUnknownText: "It was taken away, or it belongs to an office that this phone is not paired with.",
  serviceSilent: "“{name}” does not open", serviceSilentText: "Its page did not come from the relay. Try another network; if it stays so, tell the office: the relay needs a name and a certificate for {host}.",
});
Object.assign(all.fr, {
  reload: "Recharger", serviceFrame: "Application web {name}", serviceUnknown: "Ce service n’est pas ouvert pour ce téléphone", serviceUnknownText: "Il a été retiré, ou il appartient à un bureau avec lequel ce téléphone n’est pas associé.",
  serviceSilent: "« {name} » ne s’ouvre pas", serviceSilentText: "Sa page n’est pas arrivée du relais. Essayez un autre réseau ; si cela dure, prévenez le bureau : il faut au relais un nom et un certificat pour {host}.",
});
Object.assign(all.es, {
  reload: "Recargar", serviceFrame: "Aplicación web {name}", serviceUnknown: "Este servicio no está abierto para este teléfono", serviceUnknownText: "Se retiró, o pertenece a una oficina con la que este teléfono no está vinculado.",
  serviceSilent: "«{name}» no se abre", serviceSilentText: "Su página no llegó del relé. Pruebe otra red; si sigue así, avise a la oficina: el relé necesita un nombre y un certificado para {host}.",
});

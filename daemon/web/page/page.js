// The folder's page: takes over from the plain list that the office has sent.
import { openFolder } from "./folder.js";

const page = document.getElementById("page");
openFolder({ page, root: "/", service: page.dataset.service });

// A connection's thread gives up every file but those of its folder.
#pragma once

#include <string>

namespace drawbridge::folder {

// The calling thread opens nothing outside of `folder` from now on (daemon/sandbox/landlock.hpp), for as long as it
// lives, and if `read_only` changes no file in it; asked again, it does nothing. A folder that is not there now confines nothing yet: there is nothing to serve,
// and the next request asks again. False: the kernel has Landlock and refused; the thread must not serve.
//
// By the connection and not once for the server, because a disk that is attached later, or again, is another folder to
// the kernel than the empty one that was there before.
bool confine_thread_to(const std::string& folder, bool read_only);

}  // namespace drawbridge::folder

#include "ziggy/base/secret.hpp"

#include <string.h>  // explicit_bzero

namespace ziggy {

Secret::~Secret() { explicit_bzero(value_.data(), value_.size()); }

}  // namespace ziggy

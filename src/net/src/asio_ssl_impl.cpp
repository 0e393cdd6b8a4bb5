// The compiled half of Asio's TLS: BOOST_ASIO_SEPARATE_COMPILATION leaves it to one translation
// unit.
#include <boost/asio/ssl/impl/src.hpp>

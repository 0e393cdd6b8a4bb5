// The compiled half of Asio: BOOST_ASIO_SEPARATE_COMPILATION leaves it to one translation unit.
#include <boost/asio/impl/src.hpp>
